/** Asks whether a STUN or TURN server answers, by a connection that leads nowhere. */
import { isTurn } from '../wire/ice.ts'
import { attempt } from './browser-api.ts'

export type Answered = 'yes' | 'no'

const answerMs = 8_000

/**
 * A STUN server tells us our own address as others see it; a TURN server gives us one of its own. Where others see us under
 * the address that we have, as in one network with the server, the browser leaves the second out as redundant (RFC 8445
 * section 5.1.3), and only tells of servers that did not answer.
 */
export const answersIce = (server: RTCIceServer): Promise<Answered> => {
  const urls = [server.urls].flat()
  const turn = urls.every(isTurn)
  const wanted = turn ? 'relay' : 'srflx'
  const pc = attempt(
    () => new RTCPeerConnection({ iceServers: [server], iceTransportPolicy: turn ? 'relay' : 'all' }),
  )
  // Refused by the browser, as one on a blocked port is.
  if (!pc) return Promise.resolve('no')
  return new Promise<Answered>(resolve => {
    const late = setTimeout(() => done('no'), answerMs)
    const done = (answered: Answered): void => {
      clearTimeout(late)
      pc.close()
      resolve(answered)
    }
    const tellsErrors = 'onicecandidateerror' in pc
    let [failed, found] = [false, false]
    pc.addEventListener('icecandidateerror', () => {
      failed = true
    })
    pc.addEventListener('icecandidate', ({ candidate }) => {
      if (candidate === null) done(!turn && tellsErrors && found && !failed ? 'yes' : 'no')
      else found = true
      if (candidate?.type === wanted) done('yes')
    })
    pc.createDataChannel('')
    pc.createOffer()
      .then(offer => pc.setLocalDescription(offer))
      .catch(() => done('no'))
  })
}
