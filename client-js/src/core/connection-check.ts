/**
 * Tries what a conversation needs, step by step, and tells which step fails: the page, devices, the server, what proxies in
 * front of it make of requests, and each STUN and TURN server, through which something is sent from one connection of this page to another.
 */
import { attempt, within } from '../link/browser-api.ts'
import { answersIce } from '../link/probe.ts'
import { type IceServer, isTurn } from '../wire/ice.ts'
import type { Refusal } from '../wire/refusal.ts'
import { askProxies } from './http.ts'

export type CheckStep =
  | 'secure'
  | 'microphone'
  | 'camera'
  | 'server'
  | 'proxy'
  | 'stun'
  | 'udp'
  | 'tcp'
  | 'tls'

/** `absent`: there is nothing to try. `skipped`: only people in a room can try it, and we may not make one. */
export type CheckOutcome = 'good' | 'fault' | 'absent' | 'skipped'

/** `detail` is an address, or how something goes; empty where there is nothing to add. */
export type Checked = { readonly step: CheckStep; readonly outcome: CheckOutcome; readonly detail: string }

export type CheckPorts = {
  /** How the page is connected to the server; null where it is not. */
  readonly transport: () => 'websocket' | 'polling' | null
  /** Does something while we are in a room, which a server's relay demands. Where the server lets us have none it gives why. */
  readonly inRoom: (done: () => Promise<void>) => Promise<Refusal | null>
  /** What connections are made with. */
  readonly iceServers: () => readonly IceServer[]
  /** The address of the page, whose server is asked what proxies make of that; without it nobody is asked. */
  readonly page?: string
  readonly told: (checked: Checked) => void
}

const wayMs = 10_000
const devicesMs = 5_000
/** The server answers, and lets only invited people make rooms. */
const uninvited: readonly Refusal[] = [
  'not-invited-create',
  'bad-invitation',
  'expired-invitation',
  'wrong-server-password',
]
const relaySteps = ['udp', 'tcp', 'tls'] as const

export const checkConnection = async (ports: CheckPorts): Promise<void> => {
  const tell = (step: CheckStep, good: boolean, detail = ''): void =>
    ports.told({ step, outcome: good ? 'good' : 'fault', detail })
  tell('secure', globalThis.isSecureContext)
  const kinds = await deviceKinds()
  tell('microphone', kinds.has('audioinput') && !(await isDenied('microphone')))
  tell('camera', kinds.has('videoinput') && !(await isDenied('camera')))
  const tryServer = async (inRoom: boolean): Promise<void> => {
    const way = ports.transport()
    tell('server', way !== null, way ?? '')
    if (ports.page !== undefined) await checkProxies(ports.page, way === 'websocket', tell)
    await checkServers(ports, tell, inRoom)
  }
  const refusal = await ports.inRoom(() => tryServer(true))
  if (refusal === null) return
  if (uninvited.includes(refusal)) await tryServer(false)
  else tell('server', false)
}

/** Nothing is told where there is no proxy, and where a server does not know the question. */
const checkProxies = async (
  page: string,
  hasWebsocket: boolean,
  tell: (step: CheckStep, good: boolean, detail?: string) => void,
): Promise<void> => {
  const faults = await askProxies(page, hasWebsocket)
  if (faults?.length === 0) tell('proxy', true)
  for (const { header, remedy } of faults ?? []) tell('proxy', false, `${header}\n${remedy}`)
}

const checkServers = async (
  { iceServers, told }: CheckPorts,
  tell: (step: CheckStep, good: boolean, detail: string) => void,
  inRoom: boolean,
): Promise<void> => {
  const urls = iceServers().flatMap(server =>
    server.urls.map(url => ({ url, server: { ...server, urls: [url] } })),
  )
  // All at once, for each may take its time; what has come of them is told in their order.
  const stuns = urls.filter(({ url }) => !isTurn(url))
  const tried = [
    { step: 'stun' as const, found: stuns.map(({ url, server }) => ({ url, good: answers(server) })) },
    ...relaySteps.map(step => ({
      step,
      found: urls
        .filter(({ url }) => relayStep(url) === step)
        .map(({ url, server }) => ({ url, good: inRoom ? leadsThrough(server) : null })),
    })),
  ]
  for (const { step, found } of tried) {
    if (found.length === 0) told({ step, outcome: 'absent', detail: '' })
    for (const { url, good } of found)
      if (good === null) told({ step, outcome: 'skipped', detail: url })
      else tell(step, await good, url)
  }
}

const answers = async (server: IceServer): Promise<boolean> => (await answersIce(server)) === 'yes'

const deviceKinds = async (): Promise<ReadonlySet<string>> => {
  const listing = attempt(() => navigator.mediaDevices.enumerateDevices())
  const devices = listing ? await within(devicesMs, listing, []) : []
  return new Set(devices.map(({ kind }) => kind))
}

/** Browsers list devices of a site that may not use them. Some do not know these names: https://www.w3.org/TR/permissions/ */
const isDenied = async (name: 'microphone' | 'camera'): Promise<boolean> => {
  const asking = attempt(() => navigator.permissions.query({ name }))
  const status = asking && (await within(devicesMs, asking, null))
  return status?.state === 'denied'
}

const relayStep = (url: string): (typeof relaySteps)[number] | null => {
  if (!isTurn(url)) return null
  if (/^turns:/i.test(url)) return 'tls'
  return /transport=tcp/i.test(url) ? 'tcp' : 'udp'
}

/** Whether something goes from one connection of this page to another through this relay and nothing else. */
const leadsThrough = async (server: IceServer): Promise<boolean> => {
  const make = (): RTCPeerConnection | null =>
    attempt(() => new RTCPeerConnection({ iceServers: [server], iceTransportPolicy: 'relay' }))
  const [one, other] = [make(), make()]
  const arrived = one && other ? await within(wayMs, meet(one, other), false) : false
  one?.close()
  other?.close()
  return arrived
}

const meet = async (one: RTCPeerConnection, other: RTCPeerConnection): Promise<boolean> => {
  const pass = (from: RTCPeerConnection, to: RTCPeerConnection): void =>
    from.addEventListener('icecandidate', ({ candidate }) => {
      if (candidate) void to.addIceCandidate(candidate).catch(() => undefined)
    })
  const arriving = new Promise<boolean>(resolve =>
    other.addEventListener('datachannel', ({ channel }) =>
      channel.addEventListener('message', () => resolve(true)),
    ),
  )
  const channel = one.createDataChannel('')
  channel.addEventListener('open', () => channel.send('?'))
  const offer = await one.createOffer()
  await other.setRemoteDescription(offer)
  pass(one, other)
  pass(other, one)
  await one.setLocalDescription(offer)
  const answer = await other.createAnswer()
  await one.setRemoteDescription(answer)
  await other.setLocalDescription(answer)
  return arriving
}
