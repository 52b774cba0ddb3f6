/** A server of files for tests of deployments: what it hands out can be replaced, and it can be away. */
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { extname, join, normalize } from 'node:path'

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
}

export class FolderServer {
  readonly folder = mkdtempSync(join(tmpdir(), 'p2pchat-folder-'))
  /** Takes what is asked of it and says nothing, as a network without a way out does. */
  silent = false
  #server: Server | null = null
  #port = 0

  constructor(built: string) {
    cpSync(built, this.folder, { recursive: true })
  }

  get address(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  async start(): Promise<void> {
    const server = createServer(({ url }, answer) => {
      if (this.silent) return
      const path = normalize(new URL(url ?? '/', 'http://x').pathname)
      const name = path === '/' ? 'index.html' : path
      try {
        const bytes = readFileSync(join(this.folder, name))
        const kind = types[extname(name)] ?? 'application/octet-stream'
        answer.writeHead(200, { 'content-type': kind, 'cache-control': 'no-cache' }).end(bytes)
      } catch {
        answer.writeHead(404).end()
      }
    })
    await new Promise<void>(resolve => server.listen(this.#port, '127.0.0.1', resolve))
    const bound = server.address()
    if (bound === null || typeof bound === 'string') throw new Error('no port to be had')
    this.#port = bound.port
    this.#server = server
  }

  async stop(): Promise<void> {
    const server = this.#server
    this.#server = null
    server?.closeAllConnections()
    await new Promise(resolve => (server ? server.close(resolve) : resolve(null)))
  }

  async remove(): Promise<void> {
    await this.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }
}
