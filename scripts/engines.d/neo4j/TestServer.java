import java.nio.file.Path;
import org.neo4j.configuration.GraphDatabaseSettings;
import org.neo4j.configuration.connectors.BoltConnector;
import org.neo4j.configuration.helpers.SocketAddress;
import org.neo4j.dbms.api.DatabaseManagementServiceBuilder;

/** Neo4j with nothing but its Bolt port: `TestServer FOLDER PORT`. Ends when it is told to. */
public class TestServer {
    public static void main(String[] words) throws Exception {
        var listen = new SocketAddress("127.0.0.1", Integer.parseInt(words[1]));
        var server = new DatabaseManagementServiceBuilder(Path.of(words[0]))
            .setConfig(BoltConnector.enabled, true)
            .setConfig(BoltConnector.listen_address, listen)
            // What clients of `neo4j://` are told to connect to.
            .setConfig(BoltConnector.advertised_address, listen)
            // Half a gigabyte is heap already; the graphs of tests are small.
            .setConfig(GraphDatabaseSettings.pagecache_memory, 64L * 1024 * 1024)
            .build();
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdown));
        Thread.currentThread().join();
    }
}
