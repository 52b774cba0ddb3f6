/**
 * Networks made for a test, in namespaces: a server in a private network, as in a container, of which what stands for the
 * internet knows an address and a few ports alone; two homes behind routers of their own, in the first of which there are
 * two devices; and a mobile network, to which the first device may change. It takes root, `ip` and `nft`.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { spawnApart } from './apart.ts'

const works = (command: string, ...words: string[]): boolean =>
  spawnSync(command, words, { stdio: 'ignore' }).status === 0

/** Whether such networks can be made here. */
export const canMakeNetworks = (): boolean => {
  const probe = `p2p-${process.pid}-probe`
  if (process.getuid?.() !== 0 || !works('nft', '--version') || !works('ip', 'netns', 'add', probe))
    return false
  return works('ip', 'netns', 'delete', probe)
}

/** Whether links can be made slow: by a program in Python, because not every kernel can do it itself. */
export const canSlow = (): boolean => existsSync('/dev/net/tun') && works('python3', '--version')

/** Whether the kernel can make links thin by itself. */
export const canNarrow = (): boolean =>
  canMakeNetworks() &&
  works('unshare', '-n', 'tc', 'qdisc', 'add', 'dev', 'lo', 'root', ...limit(300_000).split(' '))

/** Packets wait for a fifth of a second at most, as in a small router; what is more is dropped. */
const limit = (bitsPerSecond: number): string => `tbf rate ${bitsPerSecond}bit burst 4kb latency 200ms`

const run = (line: string): void => {
  const [command = '', ...words] = line.split(' ')
  execFileSync(command, words, { stdio: ['ignore', 'ignore', 'inherit'] })
}

export type Family = 4 | 6

/** What the addresses of a family look like: of the internet's networks, and of those behind a router. */
const plans = {
  4: {
    ip: 'ip',
    address: 'ipv4_addr',
    outside: (n: number, host: number) => `198.18.${n}.${host}`,
    inside: (n: number, host: number) => `10.${n}.0.${host}`,
    bits: 24,
    // A browser breaks off what it loads when an address comes, and those of IPv6 are looked for in the network first.
    addresses: 'disable_ipv6=1',
    forwarding: 'net.ipv4.ip_forward=1',
  },
  6: {
    ip: 'ip6',
    address: 'ipv6_addr',
    outside: (n: number, host: number) => `2001:db8:${n}::${host}`,
    inside: (n: number, host: number) => `2001:db8:10${n}::${host}`,
    bits: 64,
    addresses: 'accept_dad=0',
    forwarding: 'net.ipv6.conf.all.forwarding=1',
  },
} as const

/** The network of the server, and the router's and the devices' places in a home. */
const [box, gateway] = [9, 1]

/** What is forwarded to the server for real relay sockets, should it have any. */
export const relayPorts = '49160-49200'

/** Whoever has a browser there: two devices of the first home, and one of the second. */
export type Place = 'a' | 'a2' | 'b'
const places: readonly Place[] = ['a', 'a2', 'b']
/** The routers of the homes and of the mobile network, and the number of the network of each. */
const routers = { a: 1, b: 2, m: 3 } as const
type Router = keyof typeof routers
const homes: readonly Router[] = ['a', 'b']
const namespaces = ['srv', 'net', 'ra', 'rb', 'rm', ...places] as const
type Namespace = (typeof namespaces)[number]

/**
 * `easy`: a connection keeps its port whomever it goes to. `hairpin`: the same, and what somebody within the home sends to
 * such a port comes back in to whose it is (RFC 4787, section 6). `symmetric`: no port that STUN learns is good for anybody
 * else.
 */
export type Nat = 'none' | 'easy' | 'hairpin' | 'symmetric'

export class Networks {
  readonly #prefix = `p2p-${process.pid}`
  readonly #folder: string
  readonly #plan: (typeof plans)[Family]
  #server: ChildProcess | null = null
  #slow: ChildProcess | null = null

  /** `folder`: for what starts programs in a network. */
  constructor(folder: string, family: Family = 4) {
    this.#folder = folder
    this.#plan = plans[family]
  }

  /** What has been made by then goes with `remove`, also where this fails. */
  make(): void {
    for (const name of namespaces) {
      run(`ip netns add ${this.#name(name)}`)
      this.#in(name, 'ip link set lo up')
      for (const which of ['all', 'default'])
        this.#in(name, `sysctl -qw net.ipv6.conf.${which}.${this.#plan.addresses}`)
      this.#in(name, `sysctl -qw ${this.#plan.forwarding}`)
    }
    this.#in('net', `ip address add ${this.serverAddress} dev lo`)
    this.#connect('net', 'box', this.#inside(box, gateway), 'srv', 'eth', this.#inside(box, 2))
    this.#route('srv', 'default', this.#inside(box, gateway))
    const { ip } = this.#plan
    this.#in('net', `nft add table ${ip} ports`)
    this.#in('net', `nft add chain ${ip} ports forwarded { type nat hook prerouting priority -100 ; }`)
    const forwarded = `nft add rule ${ip} ports forwarded ${ip} daddr ${this.serverAddress}`
    for (const port of ['tcp dport 443', 'tcp dport 3478', 'udp dport 3478-3479', `udp dport ${relayPorts}`])
      this.#in('net', `${forwarded} ${port} dnat to ${this.#inside(box, 2)}`)
    this.#makeRouter('a', 'a', 'a2')
    this.#makeRouter('b', 'b')
    this.#makeRouter('m')
    this.#in('rm', `nft add rule ${ip} home nat oifname wan masquerade`)
    this.#connect('rm', 'port', null, 'a', 'mobile', null)
    this.#in('rm', 'ip link set port master lan')
    this.#in('a', 'ip link set mobile down')
  }

  /** The address at which people reach the server. */
  get serverAddress(): string {
    return this.#plan.outside(0, 1)
  }

  /** With the devices that are behind it. */
  #makeRouter(which: Router, ...devices: readonly Place[]): void {
    const [router, n, { ip }] = [`r${which}` as const, routers[which], this.#plan]
    this.#connect('net', `wan${n}`, this.#outside(n, 1), router, 'wan', this.#outside(n, 2))
    this.#route(router, 'default', this.#outside(n, 1))
    this.#in(router, 'ip link add lan type bridge')
    this.#in(router, `ip address add ${this.#inside(n, gateway)}/${this.#plan.bits} dev lan`)
    this.#in(router, 'ip link set lan up')
    // Otherwise what is translated is bridged where it should be routed; a system that cannot do so lacks the setting.
    for (const ip of ['iptables', 'ip6tables'])
      this.#in(router, `sysctl -qew net.bridge.bridge-nf-call-${ip}=0`)
    for (const [at, device] of devices.entries()) {
      this.#connect(router, `port${at}`, null, device, 'eth', this.#inside(n, 2 + at))
      this.#in(router, `ip link set port${at} master lan`)
      this.#route(device, 'default', this.#inside(n, gateway))
    }
    this.#in(router, `nft add table ${ip} home`)
    this.#in(router, `nft add chain ${ip} home nat { type nat hook postrouting priority 100 ; }`)
    this.#in(router, `nft add chain ${ip} home hairpin { type nat hook prerouting priority -100 ; }`)
    this.#in(
      router,
      `nft add map ${ip} home owners { type inet_service : ${this.#plan.address} ; flags dynamic ; }`,
    )
    for (const chain of ['forward', 'input'])
      this.#in(router, `nft add chain ${ip} home ${chain} { type filter hook ${chain} priority 0 ; }`)
    // Nobody outside reaches the router itself; else a packet that comes too early takes the port that it was sent to.
    this.#in(router, `nft add rule ${ip} home input iifname wan ct state new drop`)
  }

  #connect(
    one: Namespace,
    link: string,
    address: string | null,
    other: Namespace,
    far: string,
    farAddress: string | null,
  ): void {
    const [here, there] = [this.#name(one), this.#name(other)]
    run(`ip link add ${link} netns ${here} type veth peer name ${far} netns ${there}`)
    for (const [name, device, its] of [
      [one, link, address],
      [other, far, farAddress],
    ] as const) {
      if (its !== null) this.#in(name, `ip address add ${its}/${this.#plan.bits} dev ${device}`)
      this.#in(name, `ip link set ${device} up`)
    }
  }

  /** What the routers of the homes do with the addresses of those behind them. */
  translate(nat: Nat): void {
    const { ip, bits } = this.#plan
    for (const home of homes) {
      const n = routers[home]
      this.#in(`r${home}`, `nft flush chain ${ip} home nat`)
      this.#in(`r${home}`, `nft flush chain ${ip} home hairpin`)
      const masquerade = nat === 'symmetric' ? 'masquerade fully-random' : 'masquerade'
      if (nat === 'hairpin') {
        const learnt = `add @owners { udp sport : ${ip} saddr }`
        this.#in(`r${home}`, `nft add rule ${ip} home nat oifname wan meta l4proto udp ${learnt}`)
        this.#in(`r${home}`, `nft add rule ${ip} home nat oifname lan ct status dnat masquerade`)
        const back = `meta l4proto udp dnat to udp dport map @owners`
        this.#in(
          `r${home}`,
          `nft add rule ${ip} home hairpin iifname lan ${ip} daddr ${this.#outside(n, 2)} ${back}`,
        )
      }
      if (nat !== 'none') this.#in(`r${home}`, `nft add rule ${ip} home nat oifname wan ${masquerade}`)
      // Behind a NAT nobody outside knows the way to a home.
      const network = `${this.#plan.inside(n, 0)}/${bits}`
      if (nat === 'none') this.#route('net', network, this.#outside(n, 2))
      else this.#in('net', `ip ${this.#option} route flush ${network}`)
    }
  }

  /** Whether the devices of a home reach each other without its router: in networks for guests they do not. */
  isolate(isolated: boolean): void {
    for (const at of [0, 1])
      this.#in('ra', `ip link set port${at} type bridge_slave isolated ${isolated ? 'on' : 'off'}`)
  }

  /** The routers of the homes let through what the rules of nftables say alone; none: everything. */
  filter(...rules: readonly string[]): void {
    const { ip } = this.#plan
    for (const home of homes) {
      this.#in(`r${home}`, `nft flush chain ${ip} home forward`)
      for (const rule of rules) this.#in(`r${home}`, `nft add rule ${ip} home forward ${rule}`)
    }
  }

  /**
   * The first device leaves the reach of its home and finds the mobile network, or the other way round. No socket is closed:
   * what goes through the network that was left is lost. `keepsAddress`: the device has its address there as before.
   */
  move(to: 'home' | 'mobile', keepsAddress = false): void {
    const { ip, bits } = this.#plan
    const [home, mobile] = [
      { router: 'ra', n: routers.a, device: 'eth' },
      { router: 'rm', n: routers.m, device: 'mobile' },
    ] as const
    const [left, found] = to === 'mobile' ? [home, mobile] : [mobile, home]
    for (const chain of ['forward', 'input'])
      this.#in(left.router, `nft insert rule ${ip} home ${chain} drop`)
    if (!keepsAddress) {
      this.#in('a', `ip address flush dev ${left.device}`)
      this.#in('a', `ip link set ${left.device} down`)
    }
    for (const chain of ['forward', 'input']) this.#in(found.router, `nft flush chain ${ip} home ${chain}`)
    this.#in('a', `ip link set ${found.device} up`)
    this.#in('a', `ip address replace ${this.#inside(found.n, 2)}/${bits} dev ${found.device}`)
    this.#route('a', 'default', this.#inside(found.n, gateway))
  }

  /** From now on the line of the first device takes only so many bits a second, both ways. */
  narrow(bitsPerSecond: number): void {
    this.#in('a', `tc qdisc replace dev eth root ${limit(bitsPerSecond)}`)
    this.#in('ra', `tc qdisc replace dev port0 root ${limit(bitsPerSecond)}`)
  }

  /** From now on packets of the first device and to it are late by so much, and some of them are lost. */
  async slow(delayMs: number, lossPercent: number): Promise<void> {
    const [near, far] = [`near-${process.pid}`, `far-${process.pid}`]
    const program = new URL('slow.py', import.meta.url).pathname
    const words = [program, near, far, String(delayMs), String(lossPercent)]
    const slow = spawn('python3', words, { stdio: ['ignore', 'pipe', 'inherit'] })
    this.#slow = slow
    await once(slow.stdout, 'data')
    for (const [name, device] of [
      ['a', near],
      ['ra', far],
    ] as const) {
      run(`ip link set ${device} netns ${this.#name(name)}`)
      this.#in(name, `ip link set ${device} up`)
    }
    const own = this.#inside(routers.a, 2)
    this.#in('a', `ip ${this.#option} route replace default dev ${near} src ${own}`)
    this.#in('ra', `ip ${this.#option} route replace ${own} dev ${far}`)
  }

  /** Starts the server there, and waits until it says that it is ready. */
  async serve(...words: readonly string[]): Promise<void> {
    const executable = process.env['SERVER_BIN']
    if (executable === undefined) throw new Error('SERVER_BIN names no server executable')
    const server = spawnApart('ip', ['netns', 'exec', this.#name('srv'), executable, ...words], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    this.#server = server
    const ended = once(server, 'exit').then(([code]) => {
      throw new Error(`the server has ended with ${code}`)
    })
    // Later it may end.
    ended.catch(() => undefined)
    const isReady = server.stdout ? once(server.stdout, 'data') : ended
    await Promise.race([isReady, ended])
  }

  async stopServing(): Promise<void> {
    const server = this.#server
    this.#server = null
    if (!server || server.exitCode !== null) return
    const ended = once(server, 'exit')
    server.kill('SIGTERM')
    await ended
  }

  /** Nobody there knows a name but this one, and nobody waits for a name server that is not there. */
  name(host: string): void {
    for (const place of places) {
      mkdirSync(this.#settingsOf(place), { recursive: true })
      // For STUN and TURN Chromium looks for a name with a dot at its end.
      const hosts = `127.0.0.1 localhost\n${this.serverAddress} ${host} ${host}.\n`
      writeFileSync(join(this.#settingsOf(place), 'hosts'), hosts)
      writeFileSync(join(this.#settingsOf(place), 'nsswitch.conf'), 'hosts: files\n')
    }
  }

  /** A program that starts another at this place, with `words` before those that it is given. */
  programAt(place: Place, executable: string, ...words: readonly string[]): string {
    const script = join(this.#folder, `${place}-${basename(executable)}`)
    const command = ['ip netns exec', this.#name(place), executable, ...words].join(' ')
    writeFileSync(script, `#!/bin/sh\nexec ${command} "$@"\n`)
    chmodSync(script, 0o755)
    return script
  }

  async remove(): Promise<void> {
    await this.stopServing()
    this.#slow?.kill()
    for (const name of namespaces) works('ip', 'netns', 'delete', this.#name(name))
    for (const place of places) rmSync(this.#settingsOf(place), { recursive: true, force: true })
  }

  get #option(): string {
    return this.#plan.ip === 'ip' ? '-4' : '-6'
  }

  #outside(n: number, host: number): string {
    return this.#plan.outside(n, host)
  }

  #inside(n: number, host: number): string {
    return this.#plan.inside(n, host)
  }

  #route(name: Namespace, network: string, via: string): void {
    this.#in(name, `ip ${this.#option} route replace ${network} via ${via}`)
  }

  /** Where `ip netns exec` takes files of the system from for programs that it starts there. */
  #settingsOf(place: Place): string {
    return join('/etc/netns', this.#name(place))
  }

  #name(name: string): string {
    return `${this.#prefix}-${name}`
  }

  #in(name: Namespace, line: string): void {
    run(`ip netns exec ${this.#name(name)} ${line}`)
  }
}
