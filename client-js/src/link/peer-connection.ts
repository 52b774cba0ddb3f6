/**
 * Makes an RTCPeerConnection although the browser refuses one of the ICE servers. Firefox throws for a TURN server on a
 * port that is blocked for pages, as 9 is (fetch.spec.whatwg.org, "port blocking"), and any browser for a URL that it
 * does not understand; the other servers are as good as before.
 */

const told = new Set<string>()

/** Once for each, for whoever runs the server or has entered one of their own. */
const tell = (url: string): void => {
  if (told.has(url)) return
  told.add(url)
  console.warn(`The browser refuses the ICE server ${url}; connections are made without it.`)
}

const isAccepted = (server: RTCIceServer): boolean => {
  try {
    new RTCPeerConnection({ iceServers: [server] }).close()
    return true
  } catch {
    return false
  }
}

/** Throws only where none can be made, whatever the servers. */
export const newPeerConnection = (configuration: RTCConfiguration): RTCPeerConnection => {
  try {
    return new RTCPeerConnection(configuration)
  } catch (error) {
    const servers = (configuration.iceServers ?? []).flatMap(server =>
      [server.urls].flat().map(urls => ({ server: { ...server, urls }, url: urls })),
    )
    const accepted = servers.filter(({ server }) => isAccepted(server))
    if (accepted.length === servers.length) throw error
    const pc = new RTCPeerConnection({ ...configuration, iceServers: accepted.map(({ server }) => server) })
    for (const it of servers) if (!accepted.includes(it)) tell(it.url)
    return pc
  }
}
