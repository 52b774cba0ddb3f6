/** A page that speaks `textchat`: whoever is there offers a channel to whoever comes, and nobody comes in twice. */
import { io } from 'socket.io-client-4.7.2'
import { describe, ready, watch } from './peer.ts'

type Description = RTCSessionDescriptionInit

const socket = io()
const peers = new Map<string, RTCPeerConnection>()

const connect = (id: string): RTCPeerConnection => {
  const connection = new RTCPeerConnection()
  peers.get(id)?.close()
  peers.set(id, connection)
  connection.onicecandidate = ({ candidate }) => {
    if (candidate) socket.emit('ice-candidate', id, candidate)
  }
  return connection
}
const peer = (id: string): RTCPeerConnection => {
  const found = peers.get(id)
  if (!found) throw new Error(`${id} was never connected`)
  return found
}

socket.on('new-user-joined', async (id: string) => {
  const connection = connect(id)
  watch(connection.createDataChannel('talk'))
  socket.emit('rtc-offer', id, await describe(connection, 'offer'))
})
socket.on('rtc-offer', async (id: string, offer: Description) => {
  const connection = connect(id)
  connection.ondatachannel = ({ channel }) => watch(channel)
  await connection.setRemoteDescription(offer)
  socket.emit('rtc-answer', id, await describe(connection, 'answer'))
})
socket.on('rtc-answer', (id: string, answer: Description) => peer(id).setRemoteDescription(answer))
socket.on('ice-candidate', (id: string, it: RTCIceCandidateInit) => peer(id).addIceCandidate(it))
socket.on('user-disconnected', (id: string) => {
  peer(id).close()
  peers.delete(id)
})
socket.on('room-created', (room: string) => history.replaceState(null, '', `?room=${room}`))

const room = new URLSearchParams(location.search).get('room')
if (room === null) socket.emit('create-room')
else socket.emit('join-room', room)
ready()
