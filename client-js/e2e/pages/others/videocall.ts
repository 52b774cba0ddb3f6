/** A page that speaks `videocall`: of two the one with the lower id calls, once it hears of the other. */
import { add, camera, describe, ready, show } from './peer.ts'

type Heard = {
  readonly type: string
  readonly clientId?: string
  readonly from?: string
  readonly offer?: RTCSessionDescriptionInit
  readonly answer?: RTCSessionDescriptionInit
  readonly candidate?: RTCIceCandidateInit
}

const stream = await camera()
const socket = new WebSocket(`ws://${location.host}/`)
const say = (message: object): void => socket.send(JSON.stringify(message))
const early: RTCIceCandidateInit[] = []
let own = ''
let connection: RTCPeerConnection | null = null

const connect = (to: string): RTCPeerConnection => {
  const made = new RTCPeerConnection()
  add(made, stream)
  made.ontrack = show
  made.onicecandidate = ({ candidate }) => {
    if (candidate) say({ type: 'ice-candidate', to, candidate })
  }
  connection = made
  return made
}
const remember = async (description: RTCSessionDescriptionInit): Promise<void> => {
  await connection?.setRemoteDescription(description)
  for (const it of early.splice(0)) await connection?.addIceCandidate(it)
}

const hear = async ({ type, clientId, from = '', offer, answer, candidate }: Heard): Promise<void> => {
  if (type === 'connected') {
    own = clientId ?? ''
    say({ type: 'join-room', roomId: 'ABCD-1234-WXYZ' })
  }
  if (type === 'user-joined' && !connection && own < from)
    say({ type: 'offer', to: from, offer: await describe(connect(from), 'offer') })
  if (offer) {
    const made = connect(from)
    await remember(offer)
    say({ type: 'answer', to: from, answer: await describe(made, 'answer') })
  }
  if (answer) await remember(answer)
  if (candidate && connection?.remoteDescription) await connection.addIceCandidate(candidate)
  else if (candidate) early.push(candidate)
}
socket.onmessage = ({ data }) => void hear(JSON.parse(String(data)))
ready()
