/**
 * A page that speaks `poc`: it offers once, as soon as it has a camera, and whatever comes too early is lost. With
 * `?mute` in its address that offer is sent before anybody hears it.
 */
import { add, camera, describe, ready, show } from './peer.ts'

type Payload = { readonly sdp?: RTCSessionDescriptionInit; readonly candidate?: RTCIceCandidateInit }

const socket = new WebSocket(`ws://${location.host}/`)
const connection = new RTCPeerConnection()
const opened = new Promise(resolve => {
  socket.onopen = resolve
})
let isMute = location.search === '?mute'
const say = (payload: Payload): void => {
  if (!isMute) socket.send(JSON.stringify({ type: 'signal', payload }))
}

connection.ontrack = show
connection.onicecandidate = ({ candidate }) => {
  if (candidate) say({ candidate })
}
const hear = async ({ sdp, candidate }: Payload): Promise<void> => {
  if (sdp) await connection.setRemoteDescription(sdp)
  if (sdp?.type === 'offer') {
    isMute = false
    say({ sdp: await describe(connection, 'answer') })
  }
  // It comes after its description, or is lost.
  if (candidate) await connection.addIceCandidate(candidate).catch(() => undefined)
}
socket.onmessage = ({ data }) => void hear(JSON.parse(String(data)).payload)

await opened
socket.send(JSON.stringify({ type: 'join', room: 'demo' }))
add(connection, await camera())
say({ sdp: await describe(connection, 'offer') })
ready()
