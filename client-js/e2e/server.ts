/** The server under test: the executable named by SERVER_BIN, on a free loopback port, ended by its own process. */
import type { ChildProcess } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { spawnApart } from './apart.ts'

export type Server = {
  readonly address: string
  readonly stop: () => Promise<void>
  /** Without a word to anybody, as when it crashes. */
  readonly kill: () => Promise<void>
  readonly start: () => Promise<void>
  /** Of the process that runs now. */
  readonly pid: () => number | undefined
}

/** Below those that the system gives to whoever asks for any: such a port is still free after a server was away for a while. */
const [portsFrom, portsTo] = [20_000, 32_000]

export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = randomInt(portsFrom, portsTo)
    const probe = createServer().listen(port, '127.0.0.1')
    const isFree = await once(probe, 'listening').then(
      () => true,
      () => false,
    )
    if (!isFree) continue
    probe.close()
    await once(probe, 'close')
    return port
  }
}

const answers = async (address: string): Promise<boolean> => {
  try {
    return (await fetch(`${address}/health`)).ok
  } catch {
    return false
  }
}

const startMs = 15_000

/** Some tests send as fast as they can. The tests of the limits themselves are the server's own. */
const unpaced = {
  P2PCHAT_LIMITS__MESSAGES_PER_SECOND: '0',
  P2PCHAT_LIMITS__BYTES_PER_SECOND: '0',
  P2PCHAT_LIMITS__RELAYED_BYTES_PER_SECOND: '0',
  // Several servers may run at once, and one alone can have the usual port.
  P2PCHAT_RELAY__PORT: '0',
}

/** `further`: arguments beside address and port. It forgets everything when it ends. */
export const startServer = (...further: string[]): Promise<Server> => startServerIn('memory', ...further)

/** `state`: the folder in which it keeps what outlives it. */
export const startServerIn = (state: string, ...further: string[]): Promise<Server> =>
  startServerWith({ P2PCHAT_STATE__DIR: state }, ...further)

/** `settings`: variables of its environment. */
export const startServerWith = (
  settings: Readonly<Record<string, string>>,
  ...further: string[]
): Promise<Server> => startServerThat(answers, settings, ...further)

/** `isUp`: says of the server at an address, which may not be what it is reached by, whether it serves. */
export const startServerThat = async (
  isUp: (address: string) => Promise<boolean>,
  settings: Readonly<Record<string, string>>,
  ...further: string[]
): Promise<Server> => {
  const executable = process.env['SERVER_BIN']
  if (executable === undefined) throw new Error('SERVER_BIN names no server executable')
  const port = await freePort()
  const address = `http://127.0.0.1:${port}`
  let running: ChildProcess | null = null

  const start = async (): Promise<void> => {
    const child = spawnApart(executable, ['--address', '127.0.0.1', '--port', String(port), ...further], {
      stdio: 'ignore',
      env: { ...process.env, ...unpaced, ...settings },
    })
    running = child
    const deadline = Date.now() + startMs
    while (!(await isUp(address))) {
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`${executable} does not answer`)
      await wait(50)
    }
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const child = running
    running = null
    if (!child || child.exitCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }
  await start()
  return {
    address,
    start,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    pid: () => running?.pid,
  }
}
