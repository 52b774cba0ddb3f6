/**
 * Networks made for a test, in namespaces: a server in a private network, as in a container, of which what stands for the
 * internet knows an address and two ports alone; and two homes behind routers of their own, each of which maps every
 * connection to another port (a symmetric NAT: no port that STUN learns is good for anybody else). It takes root, `ip` and
 * `nft`.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const works = (command: string, ...words: string[]): boolean =>
  spawnSync(command, words, { stdio: 'ignore' }).status === 0

/** Whether such networks can be made here. */
export const canMakeNetworks = (): boolean => {
  const probe = `p2p-${process.pid}-probe`
  if (process.getuid?.() !== 0 || !works('nft', '--version') || !works('ip', 'netns', 'add', probe))
    return false
  return works('ip', 'netns', 'delete', probe)
}

const run = (line: string): void => {
  const [command = '', ...words] = line.split(' ')
  execFileSync(command, words, { stdio: ['ignore', 'ignore', 'inherit'] })
}

const names = ['srv', 'net', 'ra', 'rb', 'ha', 'hb'] as const

/** The address at which people reach the server, and what lies between it and the homes. */
export const serverAddress = '198.18.0.1'

export type Home = 'a' | 'b'
const homes: readonly Home[] = ['a', 'b']

export class Networks {
  readonly #prefix = `p2p-${process.pid}`
  readonly #folder: string
  #server: ChildProcess | null = null

  /** `folder`: for what starts programs in a network. */
  constructor(folder: string) {
    this.#folder = folder
    for (const name of names) {
      run(`ip netns add ${this.#name(name)}`)
      this.#in(name, 'ip link set lo up')
      this.#in(name, 'sysctl -qw net.ipv4.ip_forward=1')
      // Addresses of IPv6 come to links a second later, and a browser breaks off what it loads when that happens.
      this.#in(name, 'sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1')
    }
    this.#in('net', `ip address add ${serverAddress}/32 dev lo`)
    this.#connect('net', 'box', '10.9.0.1/24', 'srv', 'eth', '10.9.0.2/24')
    this.#in('srv', 'ip route add default via 10.9.0.1')
    this.#in('net', 'nft add table ip ports')
    this.#in('net', 'nft add chain ip ports forwarded { type nat hook prerouting priority -100 ; }')
    for (const port of ['tcp dport 443', 'tcp dport 3478', 'udp dport 3478'])
      this.#in('net', `nft add rule ip ports forwarded ip daddr ${serverAddress} ${port} dnat to 10.9.0.2`)
    for (const [n, home] of homes.entries()) this.#makeHome(home, n + 1)
  }

  #makeHome(home: Home, n: number): void {
    const [router, host] = [`r${home}`, `h${home}`]
    this.#connect('net', `wan${n}`, `198.18.${n}.1/24`, router, 'wan', `198.18.${n}.2/24`)
    this.#connect(router, 'lan', `10.${n}.0.1/24`, host, 'eth', `10.${n}.0.2/24`)
    this.#in(router, `ip route add default via 198.18.${n}.1`)
    this.#in(host, `ip route add default via 10.${n}.0.1`)
    this.#in(router, 'nft add table ip home')
    this.#in(router, 'nft add chain ip home nat { type nat hook postrouting priority 100 ; }')
    this.#in(router, 'nft add chain ip home forward { type filter hook forward priority 0 ; }')
  }

  #connect(one: string, link: string, address: string, other: string, far: string, farAddress: string): void {
    const [here, there] = [this.#name(one), this.#name(other)]
    run(`ip link add ${link} netns ${here} type veth peer name ${far} netns ${there}`)
    for (const [name, device, its] of [
      [one, link, address],
      [other, far, farAddress],
    ] as const) {
      this.#in(name, `ip address add ${its} dev ${device}`)
      this.#in(name, `ip link set ${device} up`)
    }
  }

  /** Both routers map every connection to another port, or pass everything on as it is. */
  translate(isSymmetric: boolean): void {
    for (const [at, home] of homes.entries()) {
      this.#in(`r${home}`, 'nft flush chain ip home nat')
      if (isSymmetric) this.#in(`r${home}`, 'nft add rule ip home nat oifname wan masquerade fully-random')
      // Behind a NAT nobody outside knows the way to a home.
      const route = `10.${at + 1}.0.0/24 via 198.18.${at + 1}.2`
      this.#in('net', isSymmetric ? `ip route flush ${route}` : `ip route replace ${route}`)
    }
  }

  /** Both routers let through what the rules of nftables say alone; none: everything. */
  filter(...rules: readonly string[]): void {
    for (const home of homes) {
      this.#in(`r${home}`, 'nft flush chain ip home forward')
      for (const rule of rules) this.#in(`r${home}`, `nft add rule ip home forward ${rule}`)
    }
  }

  /** Starts the server there, and waits until it says that it is ready. */
  async serve(...words: readonly string[]): Promise<void> {
    const executable = process.env['SERVER_BIN']
    if (executable === undefined) throw new Error('SERVER_BIN names no server executable')
    const server = spawn('ip', ['netns', 'exec', this.#name('srv'), executable, ...words], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    this.#server = server
    await once(server.stdout, 'data')
  }

  async stopServing(): Promise<void> {
    const server = this.#server
    this.#server = null
    if (!server || server.exitCode !== null) return
    const ended = once(server, 'exit')
    server.kill('SIGTERM')
    await ended
  }

  /** A program that starts a browser in this home. */
  browserOf(home: Home, executable: string): string {
    const script = join(this.#folder, `browser-${home}`)
    writeFileSync(script, `#!/bin/sh\nexec ip netns exec ${this.#name(`h${home}`)} ${executable} "$@"\n`)
    chmodSync(script, 0o755)
    return script
  }

  async remove(): Promise<void> {
    await this.stopServing()
    for (const name of names) works('ip', 'netns', 'delete', this.#name(name))
  }

  #name(name: string): string {
    return `${this.#prefix}-${name}`
  }

  #in(name: string, line: string): void {
    run(`ip netns exec ${this.#name(name)} ${line}`)
  }
}
