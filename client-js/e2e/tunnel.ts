/**
 * A way to a port in another network, for what commands a browser there over TCP: through a socket that is a file, and as
 * such belongs to no network.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** Run over there. */
const farEnd = `
const { connect, createServer } = require('node:net')
const [path, port] = process.argv.slice(1)
createServer(near => {
  const far = connect(Number(port), '127.0.0.1')
  for (const [one, other] of [[near, far], [far, near]]) one.on('error', () => other.destroy()).pipe(other)
}).listen(path, () => console.log('open'))
`

const joinEnds = (one: Socket, other: Socket): void => {
  one.on('error', () => other.destroy()).pipe(other)
}

export type Tunnel = { readonly close: () => void }

/** `node`: starts Node.js over there. `port` has the same number on both sides. `path`: of the file, which is made. */
export const openTunnel = async (node: string, port: number, path: string): Promise<Tunnel> => {
  const far = spawn(node, ['-e', farEnd, path, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(far.stdout, 'data')
  const near = createServer(asked => {
    const way = connect(path)
    joinEnds(asked, way)
    joinEnds(way, asked)
  }).listen(port, '127.0.0.1')
  await once(near, 'listening')
  return {
    close: () => {
      near.close()
      far.kill()
    },
  }
}
