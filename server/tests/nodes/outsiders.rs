//! Who may say whose a request is: the nodes of the cluster, and nobody else.
use super::*;
use crate::harness::PATH;

const OF_CLIENT: (&str, &str) = (CLIENT_HEADER, "http 192.0.2.9");
const REFUSALS: &str = r#"p2pchat_refusals_total{reason="node_secret"}"#;

#[tokio::test]
async fn the_listener_for_nodes_serves_nobody_else() {
    let cluster = Cluster::start().await;
    let at = cluster.a.cluster.unwrap();
    let sid = session_at(cluster.a.address).await;
    let target = format!("{POLLING}&sid={sid}");
    let secret = (SECRET_HEADER, SECRET);
    let mut n_refused = 0.0;
    for headers in [
        &[][..],
        &[OF_CLIENT],
        &[secret],
        &[(SECRET_HEADER, "the-secret-of-that-cluster"), OF_CLIENT],
        &[(SECRET_HEADER, ""), OF_CLIENT],
        &[secret, secret, OF_CLIENT],
        &[secret, (CLIENT_HEADER, "somebody")],
    ] {
        for target in [&*target, POLLING, "/", "/health", "/metrics"] {
            let mut web = Web::to(at).await;
            assert_eq!(web.ask("GET", target, headers, b"").await.status, 403, "{target} {headers:?}");
            assert!(web.answer("GET").await.is_none(), "the connection is closed");
            n_refused += 1.0;
        }
    }
    assert_eq!(figures(&cluster.a).await.value(REFUSALS), n_refused);
    // And of a node nothing else than what is forwarded is taken.
    let elsewhere = format!("/elsewhere/?EIO=4&transport=polling&sid={sid}");
    let bare = format!("{POLLING}&sid={}", sid.strip_prefix("a1.").unwrap());
    for target in ["/", "/health", POLLING, &elsewhere, &bare] {
        assert_eq!(ask(at, target, &[secret, OF_CLIENT]).await.status, 404, "{target}");
    }
    assert_eq!(n_received(&cluster.a).await, 0.0);
    let foreign = ask(at, &format!("{POLLING}&sid=b2.AAAAAAAAAAAAAAAA"), &[secret, OF_CLIENT]).await;
    assert_eq!((foreign.status, foreign.text()), (400, UNKNOWN_SESSION));
    assert_eq!(ask(at, &target, &[secret, OF_CLIENT]).await.status, 200);
    assert_eq!((n_received(&cluster.a).await, n_received(&cluster.b).await), (2.0, 0.0));
}

#[tokio::test]
async fn nodes_of_different_clusters_or_without_a_secret_forward_nothing() {
    for (secrets, result) in [
        ([Some(SECRET), Some("the-secret-of-that-cluster")], "refused"),
        ([Some(SECRET), None], "unreachable"),
        ([None, Some(SECRET)], "refused"),
        ([None, None], "unreachable"),
        ([Some(""), Some("")], "unreachable"),
    ] {
        let cluster = Cluster::of_secrets(&[], secrets).await;
        let target = format!("{POLLING}&sid={}", session_at(cluster.a.address).await);
        assert_eq!(ask(cluster.b.address, &target, &[]).await.status, 502);
        comes_to_one(&cluster.b, result).await;
        assert_eq!(n_received(&cluster.a).await, 0.0);
        assert_eq!(ask(cluster.a.address, &target, &[]).await.status, 200, "its own node has it");
    }
}

#[tokio::test]
async fn what_a_client_does_at_the_other_node_counts_for_its_own_address() {
    let cluster =
        Cluster::with(&[("limits.address_requests_per_second", "1"), ("limits.address_requests_burst", "40")]).await;
    // A proxy names the client, and the client names somebody else as a node would.
    let by = |address: &'static str| {
        [("x-forwarded-for", address), (SECRET_HEADER, SECRET), (CLIENT_HEADER, "http 192.0.2.2")]
    };
    let unknown = format!("{POLLING}&sid=a1.AAAAAAAAAAAAAAAA");
    // Each wrong question costs as much as a page, where it is asked and where it is answered.
    let mut statuses = Vec::new();
    // So few pages alone are half of what an address may ask for at once.
    while !statuses.contains(&429) && statuses.len() < 20 {
        for _ in 0..20 {
            assert_eq!(ask(cluster.b.address, &unknown, &by("192.0.2.1")).await.status, 400);
        }
        statuses.push(ask(cluster.a.address, "/", &by("192.0.2.1")).await.status);
    }
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
    assert_eq!(ask(cluster.a.address, "/", &by("192.0.2.2")).await.status, 200);
    // At the ports of people these words say nothing.
    let own = format!("{PATH}?EIO=4&transport=polling");
    assert_eq!(ask(cluster.a.address, &own, &by("192.0.2.3")).await.status, 200);
}
