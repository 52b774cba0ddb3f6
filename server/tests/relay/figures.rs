//! What the figures for Prometheus say about the relay, its listeners, and the certificate.
use super::{
    Relaying,
    client::{Turn, Way},
};
use crate::harness::exposition::scrape;

const ALLOCATIONS: &str = "p2pchat_relay_allocations";
const PEERS: &str = "p2pchat_relay_peers";

#[tokio::test]
async fn each_figure_of_the_relay_moves_by_what_happened() {
    let relaying = Relaying::with(&[("metrics.listen", "true"), ("metrics.port", "0")]).await;
    let at = relaying.server.metrics.unwrap();
    let (ann, bob, _) = relaying.pair().await;
    let mut page = scrape(at).await;
    assert_eq!(page.value("p2pchat_certificate_expiry_timestamp_seconds"), relaying.ends_s as f64);

    let (mut a, mut b) = (relaying.turn(&ann, Way::Tcp).await, relaying.turn(&bob, Way::Tls).await);
    assert_eq!((a.allocate().await, b.allocate().await), (0, 0));
    let come = [
        (r#"p2pchat_connections{listener="relay",tls="false"}"#, 1.0),
        (r#"p2pchat_connections_accepted_total{listener="relay",tls="false"}"#, 1.0),
        (r#"p2pchat_connections{listener="http",tls="true"}"#, 1.0),
        (r#"p2pchat_connections_accepted_total{listener="http",tls="true"}"#, 1.0),
        (ALLOCATIONS, 2.0),
        (PEERS, 2.0),
    ];
    page.moves_by(at, "two allocations, by TCP and by TLS", &come).await;

    assert_eq!((a.permit(b.relayed).await, b.permit(a.relayed).await), (0, 0));
    for n in 1..=3 {
        a.send(b.relayed, &vec![7; n * 100]).await;
        assert_eq!(b.data().await.len(), n * 100);
    }
    let passed_on = [("p2pchat_relay_packets_total", 3.0), ("p2pchat_relay_bytes_total", 600.0)];
    page.moves_by(at, "three packets", &passed_on).await;

    let mut forged = Turn::connect(&relaying, Way::Udp, "1900000000:nobody", "guess").await;
    assert_eq!(forged.allocate().await, 401);
    let refused = [(r#"p2pchat_relay_refusals_total{reason="relay_wrong_credentials"}"#, 1.0)];
    page.moves_by(at, "a forged login", &refused).await;

    drop(a);
    let gone = [
        (r#"p2pchat_connections{listener="relay",tls="false"}"#, -1.0),
        (r#"p2pchat_disconnects_total{reason="client_closed"}"#, 1.0),
        (ALLOCATIONS, -1.0),
        (PEERS, -1.0),
    ];
    page.moves_by(at, "a stream ends", &gone).await;
}
