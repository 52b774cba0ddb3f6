/** What 200 MB between two pages that may use nothing but a relay cost the relay: ours, and Debian's coturn beside it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { launch } from '../e2e/engines.ts'
import { freePort } from '../e2e/server.ts'
import { pour } from './bare-channel.ts'
import { alternate, rounds, table } from './report.ts'

const bytes = 200_000_000
const login = { username: 'page', credential: 'south' }
/** The processor time of a process is counted in these (sysconf). */
const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

const start = (
  command: string,
  args: readonly string[],
  settings: Readonly<Record<string, string>>,
): ChildProcess => {
  const child = spawn(command, args, { stdio: 'ignore', env: { ...process.env, ...settings } })
  onTestFinished(async () => {
    const ended = once(child, 'exit')
    child.kill()
    await ended
  })
  return child
}

/** So far, in milliseconds; proc_pid_stat(5). */
const processorMs = ({ pid }: ChildProcess): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / ticksPerSecond
}

test('200 MB through a relay', async () => {
  const [ours, theirs] = [await freePort(), await freePort()]
  const server = start(process.env['SERVER_BIN'] ?? '', ['--address', '127.0.0.1', '--port', '0'], {
    P2PCHAT_STATE__DIR: 'memory',
    P2PCHAT_RELAY__PORT: String(ours),
    P2PCHAT_RELAY__USERNAME: login.username,
    P2PCHAT_RELAY__PASSWORD: login.credential,
    P2PCHAT_RELAY__PEER_BYTES_PER_SECOND: '0',
    P2PCHAT_RELAY__BYTES_PER_SECOND: '0',
  })
  const words =
    '-n -a -r p2pchat -L 127.0.0.1 -m 2 --no-tls --no-dtls --no-cli --allow-loopback-peers --log-file=/dev/null'
  const user = `${login.username}:${login.credential}`
  const coturn = start(
    'turnserver',
    [...words.split(' '), '-u', user, '-p', String(theirs), '--pidfile=/dev/null'],
    {},
  )
  const browser = await launch()
  onTestFinished(() => browser.close())
  const [from, to] = await Promise.all([browser.newPage(), browser.newPage()])

  const through = async (relay: ChildProcess, port: number, [took, cost]: readonly [number[], number[]]) => {
    const iceServers = [{ urls: `turn:127.0.0.1:${port}?transport=udp`, ...login }]
    const before = processorMs(relay)
    const ms = await pour(from, to, bytes, { iceServers, iceTransportPolicy: 'relay' })
    took.push(bytes / 1_000 / ms)
    cost.push(processorMs(relay) - before)
  }
  const [[speed, cost], [speedBeside, costBeside]] = [
    [[], []],
    [[], []],
  ] as [[number[], number[]], [number[], number[]]]
  await alternate(
    rounds,
    () => through(server, ours, [speed, cost]),
    () => through(coturn, theirs, [speedBeside, costBeside]),
  )
  process.stdout.write(
    `${table([
      {
        what: 'processor time of the relay for 200 MB',
        unit: 'ms',
        values: cost,
        against: { what: 'coturn', values: costBeside },
      },
      {
        what: '200 MB through the relay',
        unit: 'MB/s',
        values: speed,
        against: { what: 'coturn', values: speedBeside },
      },
    ])}\n`,
  )
  expect(cost).toHaveLength(rounds)
})
