//! What goes from one to the other.
use super::{server, videocall};
use crate::harness::{plain::Plain, web::Web};

const OFFER: &str = r#"{"type":"signal","payload":{"sdp":{"type":"offer"}}}"#;

#[tokio::test]
async fn two_callers_meet_and_hear_of_each_other() {
    let server = videocall().await;
    let mut a = Plain::caller(server.address, "r").await;
    let mut b = Plain::caller(server.address, "r").await;
    assert!(a.id < b.id, "ids ascend: {} {}", a.id, b.id);
    let joined =
        |from: &Plain| format!(r#"{{"type":"user-joined","from":"{}","roomUsers":["{}","{}"]}}"#, from.id, a.id, b.id);
    let (of_a, of_b) = (joined(&a), joined(&b));
    assert_eq!((a.receive().await, b.receive().await), (of_b, of_a));
    a.send(&format!(r#"{{"type":"offer","to":"{}","offer":{{"sdp":"x"}}}}"#, b.id)).await;
    assert_eq!(b.receive().await, format!(r#"{{"type":"offer","from":"{}","offer":{{"sdp":"x"}}}}"#, a.id));
}

#[tokio::test]
async fn order_is_kept() {
    let server = videocall().await;
    let (mut a, mut b) = (Plain::caller(server.address, "r").await, Plain::caller(server.address, "r").await);
    b.receive().await;
    for n in 0..2_000 {
        a.send(&format!(r#"{{"type":"ice-candidate","to":"{}","candidate":{n}}}"#, b.id)).await;
    }
    for n in 0..2_000 {
        assert!(b.receive().await.ends_with(&format!(r#""candidate":{n}}}"#)));
    }
}

#[tokio::test]
async fn vocabularies_of_one_listener_are_told_apart_by_the_first_message() {
    let server = server(r#"["poc", "videocall"]"#, &[]).await;
    let (mut a, mut b) = (Plain::greeted(server.address).await, Plain::greeted(server.address).await);
    let mut caller = Plain::caller(server.address, "demo").await;
    a.send(r#"{"type":"join","room":"demo"}"#).await;
    server.comes_to((3, 2)).await;
    b.send(r#"{"type":"join","room":"demo"}"#).await;
    b.send(OFFER).await;
    assert_eq!(a.receive().await, OFFER);
    assert_eq!(caller.fence().await, [""; 0], "a room of that name is another one in each protocol");
    let health = Web::to(server.address).await.ask("GET", "/health", &[], b"").await;
    let counts = r#""peers":3,"rooms":2,"protocols":{"poc":{"peers":2,"rooms":1},"videocall":{"peers":1,"rooms":1}}"#;
    assert!(health.text().contains(counts), "{}", health.text());
}

#[tokio::test]
async fn nonsense_before_the_first_word_decides_nothing() {
    let server = server(r#"["videocall", "poc"]"#, &[]).await;
    let (mut a, mut b) = (Plain::greeted(server.address).await, Plain::greeted(server.address).await);
    for text in ["", "{", r#"{"type":"hello"}"#] {
        a.send(text).await;
    }
    a.send(r#"{"type":"join","room":"demo"}"#).await;
    server.comes_to((2, 1)).await;
    b.send(r#"{"type":"join","room":"demo"}"#).await;
    b.send(OFFER).await;
    assert_eq!(a.receive().await, OFFER);
}

#[tokio::test]
async fn who_says_its_only_offer_to_nobody_is_made_the_one_that_stands() {
    let server = server(r#"["poc"]"#, &[]).await;
    let (mut a, mut b) = (Plain::connect(server.address).await, Plain::connect(server.address).await);
    let answer = OFFER.replace("offer", "answer");
    let candidate = r#"{"type":"signal","payload":{"candidate":{"candidate":"x"}}}"#;
    for text in [r#"{"type":"join","room":"demo"}"#, OFFER, candidate] {
        a.send(text).await;
    }
    server.comes_to((2, 1)).await;
    b.send(r#"{"type":"join","room":"demo"}"#).await;
    assert_eq!((b.receive().await, b.receive().await), (OFFER.to_owned(), candidate.to_owned()));
    b.send(&answer).await;
    assert_eq!(a.receive().await, answer);
}

#[tokio::test]
async fn an_offer_that_comes_second_gives_way_to_the_first() {
    let server = server(r#"["poc"]"#, &[]).await;
    let (mut a, mut b) = (Plain::connect(server.address).await, Plain::connect(server.address).await);
    for it in [&mut a, &mut b] {
        it.send(r#"{"type":"join","room":"demo"}"#).await;
    }
    let numbered = |n: u8| format!(r#"{{"type":"signal","payload":{{"sdp":{{"type":"offer","n":{n}}}}}}}"#);
    a.send(&numbered(1)).await;
    b.send(&numbered(2)).await;
    let (heard, by) = tokio::select! { it = a.receive() => (it, 1), it = b.receive() => (it, 2) };
    assert_eq!(heard, numbered(3 - by), "which came first to the server is not known");
}
