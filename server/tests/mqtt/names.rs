//! Who is called what, over real sockets: signs of life are asked for by the websocket itself.
use super::{server, signal};
use crate::harness::{
    Server,
    mqtt::{ACK, Mqtt, TAKEN, connect},
};

#[tokio::test]
async fn a_name_that_topics_could_not_hold_is_refused() {
    let server = server().await;
    for name in ["", "a/b", "+", "#", "ann/#", &"x".repeat(101)] {
        let mut client = Mqtt::open(server.address).await;
        client.send(&connect(4, name, 60)).await;
        assert_eq!(client.receive().await, r#"["CONNACK",2]"#, "{name}");
        assert_eq!(client.try_hear().await, Err(1008));
    }
    let mut client = Mqtt::open(server.address).await;
    client.send(&connect(5, "a/b", 60)).await;
    assert_eq!(client.receive().await, r#"["CONNACK",133]"#);
    server.comes_to((0, 0)).await;
}

#[tokio::test]
async fn the_second_of_a_name_is_told_so_and_the_first_notices_nothing() {
    let server = server().await;
    let mut first = Mqtt::named(server.address, "ann").await;
    let mut second = Mqtt::arrive(server.address, "ann").await;
    second.register().await;
    // Reading is what answers pings, as a browser does by itself.
    let (told, noticed) = tokio::join!(second.hear_payload(), first.fence());
    assert_eq!((told.as_str(), noticed.len()), (TAKEN, 0));
    let mut bob = Mqtt::named(server.address, "bob").await;
    bob.publish("ann/incoming", &signal("offer", "bob")).await;
    assert_eq!(first.hear_payload().await, signal("offer", "bob"));
    assert_eq!(second.fence().await, [""; 0]);
}

#[tokio::test]
async fn who_comes_back_takes_its_name_over_from_a_connection_that_is_dead() {
    let server = server().await;
    // Nobody reads it, so that no pong leaves.
    let _dead = Mqtt::named(server.address, "ann").await;
    let mut again = Mqtt::arrive(server.address, "ann").await;
    again.register().await;
    assert_eq!(again.hear_payload().await, ACK);
    server.comes_to_peers(1).await;
}

#[tokio::test]
async fn a_name_is_free_when_its_client_has_gone() {
    let server = server().await;
    drop(Mqtt::named(server.address, "ann").await);
    server.comes_to_peers(0).await;
    Mqtt::named(server.address, "ann").await;
}

#[tokio::test]
async fn names_of_one_vocabulary_meet_whatever_the_listener() {
    use p2pchat_server::app::App;

    let listeners = r#"[{ port = 0, protocols = ["mqtt"] }]"#;
    let config = crate::harness::settings(&[("http.protocols", r#"["mqtt"]"#), ("http.listeners", listeners)], None);
    let app = App::bind(config).await.unwrap();
    let further = app.further_addresses().unwrap()[0];
    let server = Server::of(app);
    let (mut ann, mut bob) = (Mqtt::named(server.address, "ann").await, Mqtt::named(further, "bob").await);
    ann.publish("bob/incoming", &signal("offer", "ann")).await;
    assert_eq!(bob.hear_payload().await, signal("offer", "ann"));
}
