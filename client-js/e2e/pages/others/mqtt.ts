/** A page that speaks `mqtt`: one attempt at whom it calls, which it gives up for an offer from there. */
import mqtt from 'mqtt'
import { describe, ready, watch } from './peer.ts'

type Heard = {
  readonly type: string
  readonly from: string
  readonly offer?: RTCSessionDescriptionInit
  readonly answer?: RTCSessionDescriptionInit
  readonly candidate?: RTCIceCandidateInit
}

const own = location.search.slice(1)
const client = await mqtt.connectAsync(`ws://${location.host}`, { clientId: own, clean: true })
const send = (topic: string, message: object): void => {
  client.publish(topic, JSON.stringify({ from: own, ...message }))
}
const peers = new Map<string, RTCPeerConnection>()

const connect = (name: string): RTCPeerConnection => {
  const made = new RTCPeerConnection()
  peers.get(name)?.close()
  peers.set(name, made)
  made.onicecandidate = ({ candidate }) => {
    if (candidate) send(`${name}/incoming`, { type: 'signal-candidate', candidate })
  }
  return made
}
const call = async (name: string): Promise<void> => {
  const made = connect(name)
  watch(made.createDataChannel('talk'))
  send(`${name}/incoming`, { type: 'signal-offer', offer: await describe(made, 'offer') })
}
const hear = async ({ type, from, offer, answer, candidate }: Heard): Promise<void> => {
  if (type === 'register-ack') ready({ call })
  const known = peers.get(from)
  if (offer) {
    const made = connect(from)
    made.ondatachannel = ({ channel }) => watch(channel)
    await made.setRemoteDescription(offer)
    send(`${from}/incoming`, { type: 'signal-answer', answer: await describe(made, 'answer') })
  }
  if (answer) await known?.setRemoteDescription(answer)
  if (candidate && known?.remoteDescription) await known.addIceCandidate(candidate)
}

client.on('message', (_, payload) => void hear(JSON.parse(String(payload))))
await client.subscribeAsync(`${own}/incoming`)
send('system/register', { type: 'register', username: own })
