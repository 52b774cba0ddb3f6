/** Peers that speak in raw frames, and so can send what no socket.io client would. They answer pings. */
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { path, textOf } from './client.ts'
import { until } from './until.ts'

export type Raw = {
  readonly id: string
  /** Text frames heard, pings aside. */
  readonly frames: readonly string[]
  readonly isConnected: () => boolean
  /** Comes back when the frames are on their way: a text, then its attachments. */
  readonly send: (frame: string, ...attachments: Buffer[]) => Promise<void>
}

/** Asks for an id in words of its own, and reads the answer off the frames. */
const introduce = async (frames: readonly string[], send: Raw['send']): Promise<string> => {
  await send('42["GET-ID",{"requestId":"0"}]')
  const isAnswer = (it: string): boolean => it.startsWith('42["GET-ID"')
  await until(() => frames.some(isAnswer), 'an id')
  const answer: unknown = JSON.parse(frames.find(isAnswer)?.slice(2) ?? '[]')
  return textOf(Array.isArray(answer) ? answer[1] : undefined, 'userID')
}

export const rawWebsocket = async (address: string): Promise<Raw> => {
  const socket = new WebSocket(`${address.replace('http', 'ws')}${path}?EIO=4&transport=websocket`)
  onTestFinished(() => socket.terminate())
  const frames: string[] = []
  socket.on('error', () => socket.terminate())
  socket.on('message', (data, isBinary) => {
    const text = isBinary ? '' : String(data)
    if (text === '2') socket.send('3')
    else if (text !== '') frames.push(text)
  })
  const put = (frame: string | Buffer): Promise<void> =>
    new Promise((resolve, reject) => socket.send(frame, error => (error ? reject(error) : resolve())))
  const send = async (...parts: readonly (string | Buffer)[]): Promise<void> => {
    await Promise.all(parts.map(put))
  }
  await once(socket, 'open')
  await send('40')
  await until(() => frames.some(it => it.startsWith('40')), 'the connection')
  const id = await introduce(frames, send)
  return { id, frames, send, isConnected: () => socket.readyState === WebSocket.OPEN }
}

const separator = '\x1e'

export const rawPolling = async (address: string): Promise<Raw> => {
  const begin = `${address}${path}?EIO=4&transport=polling`
  const opened = await (await fetch(begin)).text()
  const at = `${begin}&sid=${textOf(JSON.parse(opened.slice(1)), 'sid')}`
  const frames: string[] = []
  const ending = new AbortController()
  let isConnected = true

  const send = async (...parts: readonly (string | Buffer)[]): Promise<void> => {
    const packets = parts.map(it => (typeof it === 'string' ? it : `b${it.toString('base64')}`))
    const { status } = await fetch(at, { method: 'POST', body: packets.join(separator) })
    if (status !== 200) throw new Error(`the server answered ${status}`)
  }
  const poll = async (): Promise<void> => {
    const answer = await fetch(at, { signal: ending.signal })
    const packets = answer.ok ? (await answer.text()).split(separator) : ['1']
    if (packets.includes('1')) isConnected = false
    if (packets.includes('2')) await send('3')
    frames.push(...packets.filter(it => it !== '2'))
  }
  const listen = async (): Promise<void> => {
    while (isConnected) await poll()
  }
  await send('40')
  const listening = listen().catch(() => {
    isConnected = false
  })
  onTestFinished(async () => {
    ending.abort()
    await listening
  })
  await until(() => frames.some(it => it.startsWith('40')), 'the connection')
  const id = await introduce(frames, send)
  return { id, frames, send, isConnected: () => isConnected }
}

/** Brings a raw peer into a room. */
export const joinRaw = async (raw: Raw, room: string): Promise<void> => {
  await raw.send(`42["JOIN-ROOM",{"requestId":"1","room":"${room}","password":"pw"}]`)
  await until(() => raw.frames.some(it => it.startsWith('42["JOIN-ROOM",{"requestID":"1"')), 'the room')
}
