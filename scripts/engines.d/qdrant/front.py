"""Qdrant wire contract over Qdrant Edge, not a Qdrant server.

A gRPC server for tests: it speaks the part of the Qdrant contract that MindShelf's adapter uses,
and answers with the real segments, indexes and filters of Qdrant, run inside this process by the
`qdrant-edge-py` wheel. What it is not: no cluster, no REST, no snapshots, no keys, no optimizer of
its own (indexes are built after every OPTIMIZE_AFTER points), and one writer at a time. What it
does not know it refuses with UNIMPLEMENTED. It listens on the loopback only and stops on SIGTERM.

    python3 -m venv .venv && .venv/bin/pip install -r requirements.txt
    .venv/bin/python front.py --port 26334 --dir data

and then `MINDSHELF_TEST_QDRANT_URL=http://127.0.0.1:26334`.
"""

import argparse
import os
import pathlib
import re
import shutil
import signal
import sys
import threading
from concurrent import futures

import grpc as wire
import qdrant_edge as edge
from qdrant_client import grpc

import words

TITLE = "Qdrant wire contract over Qdrant Edge, not a Qdrant server"
VERSION = "1.20.0"  # of the contract; the engine is qdrant-edge-py 0.9.0
KEY = "the one key"  # for tests of clients that show one
NAME = re.compile(r"[A-Za-z0-9_-]{1,120}")
COLLECTIONS_MAX = 1_000
MESSAGE_BYTES_MAX = 64 << 20
POINTS_MAX = 10_000
LIMIT_MAX = 10_000
BATCH_MAX = 100
THREADS = 8
OPTIMIZE_AFTER = 5_000
STOP_SECONDS = 5


class Refused(Exception):
    """An answer with a status."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


class Collection:
    """One shard on disk, and what created it."""

    def __init__(self, path, created):
        self.path = path
        self.created = created
        self.lock = threading.RLock()
        self.fresh = 0
        data = path / "shard"
        if data.exists():
            self.shard = edge.EdgeShard.load(str(data))
        else:
            data.mkdir(parents=True)
            (path / "created").write_bytes(created.SerializeToString())
            self.shard = edge.EdgeShard.create(str(data), words.config(created))

    def update(self, operation, points=0):
        with self.lock:
            self.shard.update(operation)
            self.fresh += points
            if self.fresh >= OPTIMIZE_AFTER:
                self.fresh = 0
                self.shard.optimize()

    def close(self):
        with self.lock:
            self.shard.flush()
            self.shard.close()


class Store:
    """All collections, by name."""

    def __init__(self, path):
        self.path = path
        self.lock = threading.Lock()
        self.collections = {}
        path.mkdir(parents=True, exist_ok=True)
        for made in sorted(path.glob("*/created")):
            created = grpc.CreateCollection.FromString(made.read_bytes())
            self.collections[made.parent.name] = Collection(made.parent, created)

    def get(self, name):
        with self.lock:
            found = self.collections.get(name)
        if found is None:
            raise Refused(wire.StatusCode.NOT_FOUND, f"Not found: Collection `{name}` doesn't exist!")
        return found

    def create(self, request):
        name = request.collection_name
        if not NAME.fullmatch(name):
            raise Refused(wire.StatusCode.INVALID_ARGUMENT, "a name of letters, digits, - and _")
        with self.lock:
            if name in self.collections:
                raise Refused(
                    wire.StatusCode.ALREADY_EXISTS,
                    f"Wrong input: Collection `{name}` already exists!",
                )
            if len(self.collections) >= COLLECTIONS_MAX:
                raise Refused(wire.StatusCode.RESOURCE_EXHAUSTED, "too many collections")
            self.collections[name] = Collection(self.path / name, request)

    def delete(self, name):
        with self.lock:
            found = self.collections.pop(name, None)
        if found is None:
            return False
        found.close()
        shutil.rmtree(found.path)
        return True

    def close(self):
        with self.lock:
            for collection in self.collections.values():
                collection.close()


def answering(method):
    """Turns what goes wrong into a status."""

    def answer(self, request, context):
        try:
            return method(self, request)
        except Refused as refused:
            context.abort(refused.code, str(refused))
        except words.Unsupported as unknown:
            context.abort(wire.StatusCode.UNIMPLEMENTED, f"this front does not speak {unknown}")
        except Exception as error:  # of the engine: the caller learns its text
            print(f"{method.__name__}: {error!r}", file=sys.stderr, flush=True)
            context.abort(wire.StatusCode.INTERNAL, str(error))

    return answer


class Keyed(wire.ServerInterceptor):
    """Refuses who shows another key than the one; who shows none is let in."""

    def intercept_service(self, go_on, call):
        shown = dict(call.invocation_metadata or ()).get("api-key")
        if shown in (None, KEY):
            return go_on(call)
        return wire.unary_unary_rpc_method_handler(
            lambda _request, context: context.abort(wire.StatusCode.UNAUTHENTICATED, "wrong key")
        )


def bounded(count, most, what):
    if count > most:
        raise Refused(wire.StatusCode.INVALID_ARGUMENT, f"more than {most} {what}")


class Health(grpc.QdrantServicer):
    @answering
    def HealthCheck(self, _request):
        return grpc.HealthCheckReply(title=TITLE, version=VERSION)


class Collections(grpc.CollectionsServicer):
    def __init__(self, store):
        self.store = store

    @answering
    def Create(self, request):
        self.store.create(request)
        return grpc.CollectionOperationResponse(result=True)

    @answering
    def Delete(self, request):
        return grpc.CollectionOperationResponse(result=self.store.delete(request.collection_name))

    @answering
    def CollectionExists(self, request):
        exists = request.collection_name in self.store.collections
        return grpc.CollectionExistsResponse(result=grpc.CollectionExists(exists=exists))

    @answering
    def List(self, _request):
        names = sorted(self.store.collections)
        listed = [grpc.CollectionDescription(name=name) for name in names]
        return grpc.ListCollectionsResponse(collections=listed)

    @answering
    def Get(self, request):
        collection = self.store.get(request.collection_name)
        with collection.lock:
            info = collection.shard.info()
        created = collection.created
        params = grpc.CollectionParams(
            shard_number=1,
            vectors_config=created.vectors_config,
            sparse_vectors_config=created.sparse_vectors_config,
        )
        return grpc.GetCollectionInfoResponse(
            result=grpc.CollectionInfo(
                status=grpc.CollectionStatus.Green,
                optimizer_status=grpc.OptimizerStatus(ok=True),
                segments_count=info.segments_count,
                points_count=info.points_count,
                indexed_vectors_count=info.indexed_vectors_count,
                payload_schema={
                    key: grpc.PayloadSchemaInfo(points=one.points)
                    for key, one in info.payload_schema.items()
                },
                config=grpc.CollectionConfig(params=params, hnsw_config=created.hnsw_config),
            )
        )


class Points(grpc.PointsServicer):
    def __init__(self, store):
        self.store = store

    def done(self):
        return grpc.PointsOperationResponse(
            result=grpc.UpdateResult(status=grpc.UpdateStatus.Completed)
        )

    @answering
    def CreateFieldIndex(self, request):
        schema = words.index_schema(request)
        operation = edge.UpdateOperation.create_field_index(request.field_name, schema)
        self.store.get(request.collection_name).update(operation)
        return self.done()

    @answering
    def Upsert(self, request):
        bounded(len(request.points), POINTS_MAX, "points in one batch")
        points = [
            edge.Point(
                words.point_id(one.id), words.vectors(one.vectors), words.payload(one.payload)
            )
            for one in request.points
        ]
        only = words.asked_filter(request, "update_filter")
        operation = edge.UpdateOperation.upsert_points(points, condition=only)
        self.store.get(request.collection_name).update(operation, len(points))
        return self.done()

    @answering
    def Delete(self, request):
        selector = request.points
        if selector.WhichOneof("points_selector_one_of") == "filter":
            which = words.condition_filter(selector.filter)
            operation = edge.UpdateOperation.delete_points_by_filter(which)
        else:
            ids = [words.point_id(one) for one in selector.points.ids]
            operation = edge.UpdateOperation.delete_points(ids)
        self.store.get(request.collection_name).update(operation)
        return self.done()

    @answering
    def SetPayload(self, request):
        given, selector = words.payload(request.payload), request.points_selector
        if selector.WhichOneof("points_selector_one_of") == "filter":
            which = words.condition_filter(selector.filter)
            operation = edge.UpdateOperation.set_payload_by_filter(which, given)
        else:
            ids = [words.point_id(one) for one in selector.points.ids]
            operation = edge.UpdateOperation.set_payload(ids, given)
        self.store.get(request.collection_name).update(operation)
        return self.done()

    @answering
    def Get(self, request):
        bounded(len(request.ids), LIMIT_MAX, "points asked for")
        collection = self.store.get(request.collection_name)
        with collection.lock:
            found = collection.shard.retrieve(
                [words.point_id(one) for one in request.ids],
                with_payload=words.with_payload(request.with_payload),
                with_vector=words.with_vectors(request.with_vectors),
            )
        return grpc.GetResponse(result=[words.retrieved(one) for one in found])

    @answering
    def Scroll(self, request):
        limit = request.limit if request.HasField("limit") else 10
        bounded(limit, LIMIT_MAX, "points asked for")
        collection = self.store.get(request.collection_name)
        asked = edge.ScrollRequest(
            offset=words.point_id(request.offset) if request.HasField("offset") else None,
            limit=limit,
            filter=words.asked_filter(request),
            with_payload=words.with_payload(request.with_payload),
            with_vector=words.with_vectors(request.with_vectors),
            order_by=words.order_by(request.order_by) if request.HasField("order_by") else None,
        )
        with collection.lock:
            found, after = collection.shard.scroll(asked)
        return grpc.ScrollResponse(
            result=[words.retrieved(one) for one in found],
            next_page_offset=None if after is None else words.id_message(after),
        )

    @answering
    def Count(self, request):
        collection = self.store.get(request.collection_name)
        exact = request.exact if request.HasField("exact") else True
        asked = edge.CountRequest(exact=exact, filter=words.asked_filter(request))
        with collection.lock:
            count = collection.shard.count(asked)
        return grpc.CountResponse(result=grpc.CountResult(count=count))

    @answering
    def Facet(self, request):
        limit = request.limit if request.HasField("limit") else 10
        bounded(limit, LIMIT_MAX, "values asked for")
        collection = self.store.get(request.collection_name)
        asked = edge.FacetRequest(
            request.key, limit=limit, exact=request.exact, filter=words.asked_filter(request)
        )
        with collection.lock:
            found = collection.shard.facet(asked).hits
        hits = [
            grpc.FacetHit(value=words.facet_value(one.value), count=one.count) for one in found
        ]
        return grpc.FacetResponse(hits=hits)

    def run(self, name, queries):
        for one in queries:
            bounded(one.limit, LIMIT_MAX, "points asked for")
            if one.collection_name not in ("", name):
                raise words.Unsupported("a batch over several collections")
        collection = self.store.get(name)
        asked = [words.query(one) for one in queries]
        with collection.lock:
            return collection.shard.query_batch(edge.QueryBatchRequest(asked))

    @answering
    def Query(self, request):
        found = self.run(request.collection_name, [request])[0]
        return grpc.QueryResponse(result=[words.scored(one) for one in found])

    @answering
    def QueryBatch(self, request):
        bounded(len(request.query_points), BATCH_MAX, "queries in one batch")
        found = self.run(request.collection_name, request.query_points)
        results = [grpc.BatchResult(result=[words.scored(one) for one in each]) for each in found]
        return grpc.QueryBatchResponse(result=results)


def main():
    asked = argparse.ArgumentParser(description=TITLE)
    asked.add_argument("--port", type=int, required=True)
    asked.add_argument("--dir", type=pathlib.Path, required=True)
    asked = asked.parse_args()
    store = Store(asked.dir)
    options = [
        ("grpc.max_receive_message_length", MESSAGE_BYTES_MAX),
        ("grpc.max_send_message_length", MESSAGE_BYTES_MAX),
        ("grpc.so_reuseport", 0),
    ]
    threads = futures.ThreadPoolExecutor(max_workers=THREADS)
    server = wire.server(threads, interceptors=[Keyed()], options=options)
    grpc.add_QdrantServicer_to_server(Health(), server)
    grpc.add_CollectionsServicer_to_server(Collections(store), server)
    grpc.add_PointsServicer_to_server(Points(store), server)
    server.add_insecure_port(f"127.0.0.1:{asked.port}")
    stopping = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stopping.set())
    server.start()
    print(f"{TITLE}: 127.0.0.1:{asked.port}, pid {os.getpid()}", flush=True)
    stopping.wait()
    server.stop(STOP_SECONDS).wait()
    store.close()


if __name__ == "__main__":
    main()
