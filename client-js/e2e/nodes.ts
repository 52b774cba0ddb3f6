/**
 * Several servers ("nodes") that share rooms by a Redis, from Debian's redis-server, and the way to them: a balancer whose
 * connections go to one node as long as it is there, and then to the next that answers.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { freePort, type Server, startServerThat } from './server.ts'

/** What takes it counts as skipped where it is missing. */
export const isRedisThere = (): boolean => spawnSync('redis-server', ['--version']).status === 0

/** Runs until the test has finished. Its address, as the server's settings have it. */
const startRedis = async (): Promise<string> => {
  const [port, folder] = [await freePort(), mkdtempSync(join(tmpdir(), 'p2pchat-redis-'))]
  const place = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder]
  const child = spawn('redis-server', [...place, '--save', '', '--appendonly', 'no'], { stdio: 'ignore' })
  onTestFinished(async () => {
    const ended = once(child, 'exit')
    if (child.exitCode === null && child.kill()) await ended
    rmSync(folder, { recursive: true, force: true })
  })
  return `redis://127.0.0.1:${port}`
}

type Cluster = { readonly store: boolean; readonly nodes: number }

/** What a node says of the others. Undefined: it does not answer. */
const clusterOf = async (address: string): Promise<Cluster | undefined> => {
  try {
    return (await (await fetch(`${address}/health`)).json()).cluster
  } catch {
    return undefined
  }
}

export const nodesAre = async (nodes: readonly Server[], count: number): Promise<void> => {
  for (const { address } of nodes)
    await expect.poll(() => clusterOf(address)).toMatchObject({ store: true, nodes: count })
}

/** So many nodes that know each other, until the test has finished. */
export const startNodes = async (
  count: number,
  settings: Readonly<Record<string, string>> = {},
): Promise<Server[]> => {
  const redis = await startRedis()
  const nodes: Server[] = []
  onTestFinished(async () => {
    await Promise.all(nodes.map(it => it.stop()))
  })
  const isUp = async (address: string): Promise<boolean> => (await clusterOf(address))?.store === true
  for (let nth = 0; nth < count; nth++)
    nodes.push(
      await startServerThat(isUp, {
        P2PCHAT_STATE__DIR: 'memory',
        P2PCHAT_CLUSTER__REDIS: JSON.stringify([redis]),
        P2PCHAT_CLUSTER__LISTEN: '127.0.0.1:0',
        // A machine that runs tests may be slow.
        P2PCHAT_CLUSTER__TIMEOUT_MS: '10000',
        ...settings,
      }),
    )
  await nodesAre(nodes, count)
  return nodes
}

/** The address of a balancer, until the test has finished: `nodes` in the order in which they are tried. */
export const balancerTo = async (...nodes: readonly Server[]): Promise<string> => {
  const open = new Set<Socket>()
  const keep = (it: Socket): void => {
    open.add(it)
    it.on('close', () => open.delete(it))
  }
  const pass = (near: Socket, [first, ...others]: readonly Server[]): void => {
    if (!first) return void near.destroy()
    const far = connect(Number(new URL(first.address).port), '127.0.0.1')
    keep(far)
    const tryNext = (): void => pass(near, others)
    far.once('error', tryNext)
    far.once('connect', () => {
      far.off('error', tryNext)
      far.on('error', () => near.destroy())
      far.on('close', () => near.destroy())
      near.on('close', () => far.destroy())
      near.pipe(far).pipe(near)
    })
  }
  const server = createServer(near => {
    keep(near)
    near.on('error', () => near.destroy())
    pass(near, nodes)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    const closed = once(server, 'close')
    server.close()
    for (const it of open) it.destroy()
    await closed
  })
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('no port to be had')
  return `http://127.0.0.1:${bound.port}`
}
