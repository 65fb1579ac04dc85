//! What goes over the wire: little, and nothing that a policy would have to forbid.

use crate::walk::Walk;
use std::process::Command;

/// Most bytes of the first page with its styles and scripts, compressed; and of its fonts.
const PAGE_BYTES_MAX: u64 = 60 * 1024;
const FONT_BYTES_MAX: u64 = 150 * 1024;

#[tokio::test]
async fn the_first_page_is_light() {
    let Some(walk) = Walk::among_links().await else { return };
    // What comes to somebody who was never here: nothing by way of a worker, which unpacks it.
    walk.open("/library").await;
    let alone = "const done = arguments[0]; navigator.serviceWorker.getRegistrations() \
        .then((all) => Promise.all(all.map((one) => one.unregister()))).then(() => done(true))";
    walk.driver.wait(alone, &[]).await.unwrap();
    walk.open("/library").await;
    let weights = "const all = [...performance.getEntriesByType('navigation'), \
        ...performance.getEntriesByType('resource')]; \
        const sum = (fonts) => all.filter(({ name }) => name.includes('.woff2') === fonts) \
        .reduce((sum, one) => sum + one.encodedBodySize, 0); return [sum(false), sum(true), all.length]";
    let weights = walk.asks(weights).await;
    let (page, fonts) = (weights[0].as_u64().unwrap(), weights[1].as_u64().unwrap());
    println!("the first page: {page} bytes compressed, and {fonts} bytes of fonts");
    assert!(page > 10_000 && page <= PAGE_BYTES_MAX, "{page} bytes of page, styles and scripts");
    assert!(fonts <= FONT_BYTES_MAX, "{fonts} bytes of fonts");
    walk.end().await;
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the judges are named by the chore")]
async fn the_policy_of_the_pages_passes_its_judge() {
    let Some(walk) = Walk::among_links().await else { return };
    let Ok(judges) = std::env::var("MINDSHELF_JUDGES") else {
        eprintln!("SKIPPED: no csp_evaluator; `cargo xtask browser` brings it");
        return;
    };
    walk.open("/library").await;
    let header = "const done = arguments[0]; fetch('/library').then((answer) => \
        done(answer.headers.get('content-security-policy')))";
    let policy = walk.driver.wait(header, &[]).await.unwrap();
    let judge = "const { CspEvaluator } = require('csp_evaluator/dist/evaluator.js'); \
        const { CspParser } = require('csp_evaluator/dist/parser.js'); \
        const found = new CspEvaluator(new CspParser(process.argv[1]).csp).evaluate(); \
        console.log(JSON.stringify(found.filter(({ severity }) => severity <= 40)))";
    let mut node = Command::new("node");
    node.current_dir(judges).args(["-e", judge, policy.as_str().unwrap()]);
    let output = node.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "[]", "judging {policy}");
    walk.end().await;
}
