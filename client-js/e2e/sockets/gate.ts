/**
 * A gate between a client and the server. Shut, no byte passes and nothing is read, as with a peer that hangs. Cut, both
 * ends see their connections end and nobody gets through. Dropped, the client alone sees it, and can come again at once:
 * the server has not noticed. Lost, it is the same, and nobody gets through.
 */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export type Gate = {
  readonly address: string
  readonly shut: () => void
  readonly open: () => void
  readonly cut: () => void
  readonly drop: () => void
  readonly lose: () => void
}

type Pair = { readonly near: Socket; readonly far: Socket; isDropped: boolean }

export const gateTo = async (address: string): Promise<Gate> => {
  const { hostname, port } = new URL(address)
  const pairs = new Set<Pair>()
  /** Also those whose far end is gone. */
  const nears = new Set<Socket>()
  let isShut = false
  let isCut = false

  const join = ({ near, far }: Pair): void => {
    near.pipe(far)
    far.pipe(near)
  }
  const part = ({ near, far }: Pair): void => {
    near.unpipe(far)
    far.unpipe(near)
  }
  const server = createServer(near => {
    if (isCut) return void near.destroy()
    nears.add(near)
    const pair: Pair = { near, far: connect(Number(port), hostname), isDropped: false }
    pairs.add(pair)
    near.on('error', () => pair.isDropped || pair.far.destroy())
    near.on('close', () => {
      nears.delete(near)
      if (!pair.isDropped) pair.far.destroy()
    })
    pair.far.on('error', () => near.destroy())
    pair.far.on('close', () => {
      near.end()
      pairs.delete(pair)
    })
    if (!isShut) join(pair)
  })
  const drop = (): void => {
    for (const pair of pairs) {
      pair.isDropped = true
      part(pair)
      pair.near.destroy()
    }
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('no port to be had')
  onTestFinished(async () => {
    // Whoever comes now is sent away, or the server would wait for it.
    isCut = true
    server.close()
    for (const { far } of pairs) far.destroy()
    for (const near of nears) near.destroy()
    await once(server, 'close')
  })
  return {
    address: `http://127.0.0.1:${bound.port}`,
    shut: () => {
      isShut = true
      pairs.forEach(part)
    },
    open: () => {
      isShut = false
      isCut = false
      for (const pair of pairs) if (!pair.isDropped) join(pair)
    },
    cut: () => {
      isCut = true
      for (const { near, far } of pairs) {
        near.destroy()
        far.destroy()
      }
    },
    drop,
    lose: () => {
      isCut = true
      drop()
    },
  }
}
