/** Clients of the other vocabularies, made with the libraries that other projects' pages are made with. */
import mqtt, { type MqttClient } from 'mqtt'
import { io } from 'socket.io-client-4.7.2'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import type { Preset } from './hall.ts'
import { until } from './until.ts'

/** What somebody heard, in order. */
type Heard = unknown[][]

type Message = Readonly<Record<string, unknown>>

/** `host`: where each vocabulary is spoken. They go when the test that they came for is over. */
export const speakers = (host: (preset: Preset) => string) => {
  const chatter = async (transports: string[]) => {
    const socket = io(`http://${host('textchat')}`, { forceNew: true, reconnection: false, transports })
    onTestFinished(() => void socket.close())
    const heard: Heard = []
    socket.onAny((...words: unknown[]) => heard.push(words))
    await until(() => socket.connected, 'the connection')
    return { heard, say: (event: string, ...words: unknown[]) => void socket.emit(event, ...words) }
  }

  const plain = async (preset: Preset) => {
    const socket = new WebSocket(`ws://${host(preset)}/`)
    onTestFinished(() => socket.terminate())
    const heard: Message[] = []
    let closed = 0
    socket.on('message', data => heard.push(JSON.parse(String(data))))
    socket.on('close', code => {
      closed = code
    })
    await until(() => socket.readyState === WebSocket.OPEN, 'the connection')
    return {
      heard,
      say: (message: Message) => socket.send(JSON.stringify(message)),
      sayAnything: (data: string) => socket.send(data),
      closed: () => closed,
    }
  }

  const named = async (name: string, protocolVersion: 4 | 5 = 4) => {
    const client: MqttClient = mqtt.connect(`ws://${host('mqtt')}`, {
      clientId: name,
      clean: true,
      protocolVersion,
      reconnectPeriod: 0,
    })
    onTestFinished(() => void client.end(true))
    const heard: Message[] = []
    client.on('message', (topic, payload) => {
      if (topic === `${name}/incoming`) heard.push(JSON.parse(String(payload)))
    })
    await until(() => client.connected, `the connection of ${name}`)
    await client.subscribeAsync(`${name}/incoming`)
    const say = (topic: string, message: Message): void => {
      client.publish(topic, JSON.stringify(message))
    }
    const register = async (): Promise<unknown> => {
      say('system/register', { type: 'register', from: name, username: name })
      await until(() => heard.some(it => it['type'] === 'register-ack'), 'the acknowledgement')
      return heard.splice(0)[0]?.['success']
    }
    return { client, heard, register, send: (to: string, it: Message) => say(`${to}/incoming`, it) }
  }
  return { chatter, named, plain }
}
