/** One real socket.io client: it keeps everything it receives, and asks as the original frontend asks. */
import * as newest from 'socket.io-client'
import * as original from 'socket.io-client-4.4.1'
import { onTestFinished } from 'vitest'
import { until } from './until.ts'

export const path = '/api/signaling/'

/** What both libraries have. */
type Library = (
  address: string,
  options: {
    path: string
    ca?: string
    transports: string[]
    forceNew: boolean
    reconnection: boolean
    reconnectionDelay: number
    reconnectionDelayMax: number
  },
) => {
  readonly connected: boolean
  readonly id?: string | undefined
  readonly io: { readonly engine?: { readonly transport?: { readonly name: string } } }
  on(event: string, listener: (word: unknown) => void): unknown
  onAny(listener: (event: string, ...words: unknown[]) => void): unknown
  emit(event: string, ...words: unknown[]): unknown
  close(): unknown
}

const versions: Readonly<Record<'4.4.1' | 'newest', Library>> = { '4.4.1': original.io, newest: newest.io }
const ways = { polling: ['polling'], websocket: ['websocket'], upgrade: ['polling', 'websocket'] }

/** Which library, and over which transports it may speak. */
export type Kind = {
  readonly version: keyof typeof versions
  readonly way: keyof typeof ways
}

/** Both libraries, and each over polling only, websockets only, and from the one to the other. */
export const kinds: readonly Kind[] = (['4.4.1', 'newest'] as const).flatMap(version =>
  (['polling', 'websocket', 'upgrade'] as const).map(way => ({ version, way })),
)

export type Heard = { readonly event: string; readonly body: unknown; readonly rest: readonly unknown[] }
export type Answer = { readonly event: string; readonly body: Readonly<Record<string, unknown>> }

export const isObject = (it: unknown): it is Record<string, unknown> => typeof it === 'object' && it !== null

export const textOf = (body: unknown, field: string): string => {
  const value = isObject(body) ? body[field] : undefined
  if (typeof value !== 'string') throw new Error(`${field} is no string in ${JSON.stringify(body)}`)
  return value
}

/** `below`: what a proxy has put before the path. `ca`: whose certificates it believes, as PEM. */
type Options = {
  readonly reconnects?: boolean
  readonly namespace?: string
  readonly below?: string
  readonly ca?: string
}

export class Client {
  readonly heard: Heard[] = []
  /** Why each of its connections ended. */
  readonly ends: string[] = []
  /** What kept it from connecting. */
  readonly failures: string[] = []
  /** How often it has connected. */
  connections = 0
  id = ''
  readonly #socket: ReturnType<Library>
  #asked = 0

  constructor(
    address: string,
    { version, way }: Kind,
    { reconnects = false, namespace = '/', below = '', ca }: Options = {},
  ) {
    this.#socket = versions[version](`${address}${namespace}`, {
      path: `${below}${path}`,
      ...(ca === undefined ? {} : { ca }),
      transports: ways[way],
      forceNew: true,
      reconnection: reconnects,
      reconnectionDelay: 20,
      reconnectionDelayMax: 100,
    })
    const socket = this.#socket
    socket.on('connect', () => {
      this.connections += 1
    })
    socket.on('disconnect', reason => this.ends.push(String(reason)))
    socket.on('connect_error', error => this.failures.push(error instanceof Error ? error.message : ''))
    socket.onAny((event, body, ...rest) => this.heard.push({ event, body, rest }))
    onTestFinished(() => this.close())
  }

  /** One that knows its id, and has finished its upgrade where it has one to do. */
  static async introduced(address: string, kind: Kind, options: Options = {}): Promise<Client> {
    const client = new Client(address, kind, options)
    await client.introduce()
    await client.settled(kind)
    return client
  }

  async introduce(): Promise<void> {
    const { body } = await this.ask('GET-ID', {})
    this.id = textOf(body, 'userID')
  }

  async settled({ way }: Kind): Promise<void> {
    const name = way === 'polling' ? 'polling' : 'websocket'
    await until(() => this.transport === name, `the transport to be ${name}`)
  }

  get isConnected(): boolean {
    return this.#socket.connected
  }

  /** What the transport calls it; nobody else should know. */
  get socketId(): string | undefined {
    return this.#socket.id
  }

  get transport(): string | undefined {
    return this.#socket.io.engine?.transport?.name
  }

  say(event: string, ...words: unknown[]): void {
    this.#socket.emit(event, ...words)
  }

  async ask(event: string, wish: Readonly<Record<string, unknown>>): Promise<Answer> {
    const requestId = (this.#asked++).toString(16)
    this.say(event, { requestId, ...wish })
    let answer: Answer | undefined
    await until(() => {
      answer ??= this.#answer(event, requestId)
      return answer !== undefined
    }, `the answer to ${event}`)
    if (!answer) throw new Error('unreachable')
    return answer
  }

  async create(type: 0 | 1): Promise<string> {
    const { body } = await this.ask('CREATE-ROOM', { type, name: 'a room', password: 'pw', maxUsers: 20 })
    return textOf(body, 'roomID')
  }

  async join(room: string): Promise<Answer> {
    return this.ask('JOIN-ROOM', { room, password: 'pw' })
  }

  signal(target: string, room: string, signal: unknown): void {
    this.say('SIGNAL', { target, room, signal })
  }

  leave(room: string): void {
    this.say('DISCONNECTEDUSER', room)
  }

  /** The bodies of all events of this name, in the order heard. */
  told(event: string): unknown[] {
    return this.heard.filter(it => it.event === event).map(it => it.body)
  }

  /** What the signals heard carried, in the order heard. */
  get signals(): unknown[] {
    return this.told('SIGNAL').map(it => (isObject(it) ? it['signal'] : it))
  }

  close(): void {
    this.#socket.close()
  }

  #answer(event: string, requestId: string): Answer | undefined {
    for (const { event: name, body } of this.heard) {
      const isOfThisKind = name === event || name === 'TYPEERROR'
      if (isOfThisKind && isObject(body) && body['requestID'] === requestId) return { event: name, body }
    }
    return undefined
  }
}
