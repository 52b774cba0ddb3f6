/**
 * Keeps what a browser refuses from stopping the rest of a call: an API may be missing, throw, reject or never settle,
 * because audio hardware is gone, a port is blocked or the page was suspended.
 */

/** What the promise gives, or `otherwise` if it rejects or has not settled after so many milliseconds. */
export const within = <Value, Otherwise>(
  ms: number,
  promise: Promise<Value>,
  otherwise: Otherwise,
): Promise<Value | Otherwise> =>
  new Promise(resolve => {
    const late = setTimeout(() => resolve(otherwise), ms)
    const settle = (value: Value | Otherwise): void => {
      clearTimeout(late)
      resolve(value)
    }
    promise.then(settle, () => settle(otherwise))
  })

/** Runs each step. One that throws is reported to the page's error handlers, and the others still run. */
export const runEach = (steps: readonly (() => void)[]): void => {
  for (const step of steps) {
    try {
      step()
    } catch (error) {
      reportError(error)
    }
  }
}

/** What the call gives, or null if the browser throws. */
export const attempt = <Value>(call: () => Value): Value | null => {
  try {
    return call()
  } catch {
    return null
  }
}

/** Whether the browser has cryptography. `media`: and can have a worker change what goes over a connection. */
export const canSeal = (media: boolean): boolean =>
  globalThis.isSecureContext &&
  'subtle' in crypto &&
  (!media || (typeof RTCRtpScriptTransform === 'function' && typeof Worker === 'function'))

/** What the specification has a constructor say of a server without a scheme that it knows: it understands connections. */
const understood = new Set(['SyntaxError', 'TypeError'])

/**
 * Whether the browser makes connections between pages at all: it may lack WebRTC, or have it switched off by a setting,
 * an extension or a policy, which shows as a constructor that is missing or throws. It is asked for one that it has to
 * refuse, so that none is made: https://www.w3.org/TR/webrtc/#set-the-configuration
 */
export const canConnect = (): boolean => {
  if (typeof RTCPeerConnection !== 'function') return false
  try {
    new RTCPeerConnection({ iceServers: [{ urls: 'none:' }] }).close()
    return true
  } catch (error) {
    return error instanceof Error && understood.has(error.name)
  }
}
