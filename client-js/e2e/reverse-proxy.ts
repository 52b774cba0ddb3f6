/**
 * nginx, Caddy and HAProxy themselves, from the system's packages, with the very files of deploy/proxies: only names, ports and
 * certificates are the test's own. What takes a program that is not there counts as skipped.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { freePort, type Server, startServerThat } from './server.ts'

export type Program = 'nginx' | 'caddy' | 'haproxy'

/** Debian's nginx has it as a module of its own. */
const streamModule = '/usr/lib/nginx/modules/ngx_stream_module.so'

/** `edit`: what differs from the file of deploy/proxies. */
export type Setup = {
  readonly title: string
  readonly program: Program
  readonly file: string
  /** Whether the proxy has the certificate, the server has it, or nobody. */
  readonly tls: 'proxy' | 'server' | 'none'
  /** Without a slash at its end. */
  readonly below?: string
  readonly proxyProtocol?: boolean
  readonly edit?: (text: string) => string
}

export const setups = {
  nginx: { title: 'nginx', program: 'nginx', file: 'nginx.conf', tls: 'proxy' },
  nginxPath: {
    title: 'nginx, which takes the path off',
    program: 'nginx',
    file: 'nginx-path.conf',
    tls: 'proxy',
    below: '/chat',
  },
  nginxPathKept: {
    title: 'nginx, which leaves the path in',
    program: 'nginx',
    file: 'nginx-path.conf',
    tls: 'none',
    below: '/chat',
    edit: text => replaced(text, '8080/;', '8080;'),
  },
  nginxStream: {
    title: 'nginx, by the PROXY protocol, version 1',
    program: 'nginx',
    file: 'nginx-stream.conf',
    tls: 'server',
    proxyProtocol: true,
  },
  caddy: { title: 'Caddy', program: 'caddy', file: 'Caddyfile', tls: 'proxy' },
  caddyPath: {
    title: 'Caddy, which leaves the path in',
    program: 'caddy',
    file: 'Caddyfile-path',
    tls: 'proxy',
    below: '/chat',
  },
  caddyPathOff: {
    title: 'Caddy, which takes the path off',
    program: 'caddy',
    file: 'Caddyfile-path',
    tls: 'none',
    below: '/chat',
    edit: text => replaced(text, '\thandle /chat', '\thandle_path /chat'),
  },
  haproxy: { title: 'HAProxy', program: 'haproxy', file: 'haproxy.cfg', tls: 'proxy' },
  haproxyPath: {
    title: 'HAProxy, which leaves the path in',
    program: 'haproxy',
    file: 'haproxy-path.cfg',
    tls: 'proxy',
    below: '/chat',
  },
  haproxyTcp: {
    title: 'HAProxy, by the PROXY protocol, version 2',
    program: 'haproxy',
    file: 'haproxy-tcp.cfg',
    tls: 'server',
    proxyProtocol: true,
  },
  haproxyTcpPlain: {
    title: 'HAProxy, by the PROXY protocol, version 1, without TLS',
    program: 'haproxy',
    file: 'haproxy-tcp.cfg',
    tls: 'none',
    proxyProtocol: true,
    edit: text => replaced(text, 'send-proxy-v2', 'send-proxy'),
  },
} as const satisfies Readonly<Record<string, Setup>>

/** Whether what a setup takes is installed. */
export const isThere = ({ program, file }: Setup): boolean =>
  spawnSync(program, [program === 'caddy' ? 'version' : '-v'], { stdio: 'ignore' }).status === 0 &&
  spawnSync('openssl', ['version'], { stdio: 'ignore' }).status === 0 &&
  (file !== 'nginx-stream.conf' || existsSync(streamModule))

/** A part of a file that has to be there. */
export const replaced = (text: string, part: string, by: string): string => {
  if (!text.includes(part)) throw new Error(`there is no ${part} in it:\n${text}`)
  return text.replaceAll(part, by)
}

/** A server, and the proxy in front of it. */
export type Fronted = {
  /** Of the page, with a slash at its end. */
  readonly address: string
  readonly port: number
  /** The certificate for localhost, as PEM. */
  readonly ca: string
  readonly caFile: string
  readonly stop: () => Promise<void>
}

export const startBehind = async (
  setup: Setup,
  settings: Readonly<Record<string, string>> = {},
): Promise<Fronted> => {
  const folder = mkdtempSync(join(tmpdir(), 'p2pchat-proxy-'))
  // nginx gives up its rights.
  chmodSync(folder, 0o755)
  const certificate = certify(folder)
  const server = await startServer(setup, certificate, settings)
  const port = await freePort()
  const inner = new URL(server.address).port
  const proxy = run(setup, folder, configuration(setup, folder, certificate, port, inner))
  const address = `${setup.tls === 'none' ? 'http' : 'https'}://localhost:${port}${setup.below ?? ''}/`
  const stop = async (): Promise<void> => {
    await proxy.end()
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await comesUp(address, proxy)
  } catch (error) {
    await stop()
    throw error
  }
  return { address, port, ca: readFileSync(certificate.cert, 'utf8'), caFile: certificate.cert, stop }
}

type Certificate = { readonly cert: string; readonly key: string; readonly both: string }

const certify = (folder: string): Certificate => {
  const [cert, key, both] = ['cert.pem', 'key.pem', 'both.pem'].map(name => join(folder, name)) as [
    string,
    string,
    string,
  ]
  const wish = join(folder, 'wish.cnf')
  writeFileSync(
    wish,
    '[req]\nprompt=no\ndistinguished_name=n\nx509_extensions=e\n[n]\nCN=localhost\n[e]\nsubjectAltName=DNS:localhost\nbasicConstraints=critical,CA:FALSE\n',
  )
  const words = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -config ${wish} -keyout ${key} -out ${cert}`
  execFileSync('openssl', words.split(' '), { stdio: 'ignore' })
  writeFileSync(both, readFileSync(cert, 'utf8') + readFileSync(key, 'utf8'))
  return { cert, key, both }
}

const startServer = (
  { tls, below, proxyProtocol }: Setup,
  { cert, key }: Certificate,
  settings: Readonly<Record<string, string>>,
): Promise<Server> => {
  const environment = {
    P2PCHAT_STATE__DIR: 'memory',
    P2PCHAT_HTTP__ADDRESS: '127.0.0.1',
    // People come from the other addresses of this machine.
    P2PCHAT_HTTP__TRUSTED_PROXIES: '["127.0.0.1"]',
    ...(below === undefined ? {} : { P2PCHAT_HTTP__BASE_PATH: `${below}/` }),
    ...(proxyProtocol === true ? { P2PCHAT_HTTP__PROXY_PROTOCOL: 'true' } : {}),
    ...(tls === 'server'
      ? { P2PCHAT_TLS__ENABLED: 'true', P2PCHAT_TLS__CERT_PATH: cert, P2PCHAT_TLS__KEY_PATH: key }
      : {}),
    ...settings,
  }
  // It knows of TLS and of the PROXY protocol what the settings say.
  const isUp = async (address: string): Promise<boolean> => {
    const env = { ...process.env, ...environment, P2PCHAT_HTTP__PORT: new URL(address).port }
    const asked = spawn(process.env['SERVER_BIN'] ?? '', ['--health-check'], { stdio: 'ignore', env })
    const [code] = await once(asked, 'exit')
    return code === 0
  }
  return startServerThat(isUp, environment)
}

/** The file of deploy/proxies, with names, ports and certificates of this test. */
const configuration = (
  { program, file, tls, edit }: Setup,
  folder: string,
  { cert, key, both }: Certificate,
  port: number,
  inner: string,
): string => {
  const original = readFileSync(new URL(`../../deploy/proxies/${file}`, import.meta.url), 'utf8')
  const edited = (edit ?? (it => it))(original).replaceAll(/127\.0\.0\.1:(8080|8443)/g, `127.0.0.1:${inner}`)
  switch (program) {
    case 'nginx': {
      const ended = tls === 'proxy' ? ' ssl' : ''
      const here = edited
        .replaceAll(/ +listen \[::\].*\n/g, '')
        .replaceAll(/listen 443.*;/g, `listen 127.0.0.1:${port}${ended};`)
        .replaceAll(/ssl_certificate .*;/g, tls === 'proxy' ? `ssl_certificate ${cert};` : '')
        .replaceAll(/ssl_certificate_key .*;/g, tls === 'proxy' ? `ssl_certificate_key ${key};` : '')
      const main = `daemon off;\npid ${folder}/pid;\nerror_log ${folder}/error.log;\nevents {}\n`
      if (file === 'nginx-stream.conf') return `load_module ${streamModule};\n${main}${here}`
      const kept = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      const temporary = kept.map(name => `${name}_temp_path ${folder}/${name};\n`).join('')
      return `${main}http {\naccess_log off;\n${temporary}${here}\n}\n`
    }
    case 'caddy': {
      const site =
        tls === 'proxy' ? `localhost:${port} {\n\ttls ${cert} ${key}` : `http://localhost:${port} {`
      const here = edited.replace(/^(chat\.)?example\.org \{/m, site)
      // It would wait for polls that are under way.
      return `{\n\tadmin off\n\tauto_https disable_redirects\n\tgrace_period 1ms\n}\n${here}`
    }
    case 'haproxy': {
      const ended = tls === 'proxy' ? ` ssl crt ${both} alpn h2,http/1.1` : ''
      return edited.replace(/bind :::443 v4v6.*/, `bind 127.0.0.1:${port}${ended}`)
    }
  }
}

type Running = {
  readonly isOver: () => boolean
  readonly said: () => string
  readonly end: () => Promise<void>
}

const run = ({ program }: Setup, folder: string, text: string): Running => {
  const file = join(folder, 'proxy.conf')
  writeFileSync(file, text)
  const words = {
    nginx: ['-p', folder, '-c', file],
    caddy: ['run', '--config', file, '--adapter', 'caddyfile'],
    haproxy: ['-db', '-f', file],
  }[program]
  let said = ''
  const env = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }
  const child: ChildProcess = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'], env })
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', bytes => (said += String(bytes)))
  const isOver = (): boolean => child.exitCode !== null
  const end = async (): Promise<void> => {
    if (isOver()) return
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
  }
  return { isOver, said: () => `${said}\n${text}`, end }
}

const startMs = 15_000

const comesUp = async (address: string, proxy: Running): Promise<void> => {
  const deadline = Date.now() + startMs
  while (!(await isServed(`${address}ready`))) {
    if (proxy.isOver() || Date.now() > deadline)
      throw new Error(`the proxy does not serve ${address}: ${proxy.said()}`)
    await wait(50)
  }
}

const isServed = async (url: string): Promise<boolean> => {
  if (url.startsWith('http:'))
    return fetch(url).then(
      it => it.ok,
      () => false,
    )
  return new Promise(resolve => {
    const asked = get(url, { rejectUnauthorized: false, agent: false }, answer => {
      answer.resume()
      resolve(answer.statusCode === 200)
    })
    asked.on('error', () => resolve(false))
  })
}
