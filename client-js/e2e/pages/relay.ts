/** Two connections of one page that may use the relay alone, each with credentials of its own. Bundled into a page by the test. */

export type RelayLogin = { readonly urls: string; readonly username: string; readonly credential: string }

/** What they said to each other, and how they are connected, or why not. */
export type Relayed = {
  readonly heard: readonly string[]
  readonly relayProtocols: readonly string[]
  readonly errors: readonly string[]
}

const connection = (login: RelayLogin): RTCPeerConnection =>
  new RTCPeerConnection({ iceServers: [login], iceTransportPolicy: 'relay' })

/** How the chosen pair reaches the relay. Firefox says it of the candidate, Chromium too. */
const protocolOf = async (peer: RTCPeerConnection): Promise<string> => {
  for (;;) {
    const stats = [...(await peer.getStats()).values()]
    const pair = stats.find(it => it.type === 'candidate-pair' && it.state === 'succeeded' && it.nominated)
    const local = stats.find(it => it.id === pair?.localCandidateId)
    if (local) return `${local.candidateType} ${local.relayProtocol}`
    // Chromium's are as old as the task.
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

const opened = (channel: RTCDataChannel): Promise<void> =>
  new Promise(resolve => {
    if (channel.readyState === 'open') resolve()
    channel.onopen = () => resolve()
  })

const heardOn = (channel: RTCDataChannel): Promise<string> =>
  new Promise(resolve => {
    channel.onmessage = ({ data }) => resolve(String(data))
  })

const relayed = async (one: RelayLogin, other: RelayLogin): Promise<Relayed> => {
  const [caller, callee] = [connection(one), connection(other)]
  const errors: string[] = []
  const candidates = new Set<RTCPeerConnection>()
  for (const [from, to] of [
    [caller, callee],
    [callee, caller],
  ] as const) {
    from.onicecandidate = ({ candidate }) => {
      if (candidate?.candidate) candidates.add(from)
      void to.addIceCandidate(candidate ?? undefined)
    }
    from.onicecandidateerror = ({ errorCode, errorText }) => errors.push(`${errorCode} ${errorText}`)
  }
  const channel = caller.createDataChannel('words')
  const theirs = new Promise<RTCDataChannel>(resolve => {
    callee.ondatachannel = event => resolve(event.channel)
  })
  await caller.setLocalDescription()
  await callee.setRemoteDescription(caller.localDescription ?? { type: 'offer', sdp: '' })
  await callee.setLocalDescription()
  await caller.setRemoteDescription(callee.localDescription ?? { type: 'answer', sdp: '' })
  // Who was given no relayed address has no candidate, and nothing that could fail.
  const failed = new Promise<null>(resolve => {
    const look = () => {
      const isWithout = caller.iceGatheringState === 'complete' && !candidates.has(caller)
      if (isWithout || caller.iceConnectionState === 'failed') resolve(null)
    }
    caller.oniceconnectionstatechange = look
    caller.onicegatheringstatechange = look
    look()
  })
  const far = await Promise.race([theirs, failed])
  if (!far) return { heard: [], relayProtocols: [], errors }
  const heard = Promise.all([heardOn(channel), heardOn(far)])
  await Promise.all([opened(channel), opened(far)])
  channel.send('from the caller')
  far.send('from the callee')
  const words = await heard
  const relayProtocols = await Promise.all([protocolOf(caller), protocolOf(callee)])
  caller.close()
  callee.close()
  return { heard: words, relayProtocols, errors }
}

Object.assign(globalThis, { relayed })
