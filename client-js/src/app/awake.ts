/** Keeps the screen on while something goes on that would end with it: https://www.w3.org/TR/screen-wake-lock/. */

let awake: WakeLockSentinel | null = null
let asking = false
let wanted = false

/** A hidden page loses its lock and asks again when it is seen. Where it is not to be had, the screen goes dark. */
export const keepAwakeWhile = (on: boolean): void => {
  wanted = on
  if (on) void lock()
  else void unlock()
}

const lock = async (): Promise<void> => {
  if (awake || asking || document.visibilityState !== 'visible' || !('wakeLock' in navigator)) return
  // A second lock that nobody holds on to would keep the screen on for as long as the page is seen.
  asking = true
  try {
    const got = await navigator.wakeLock.request('screen')
    awake = got
    got.addEventListener('release', () => {
      if (awake === got) awake = null
    })
  } catch {
    // Low battery, say.
  }
  asking = false
  if (!wanted) await unlock()
}

const unlock = async (): Promise<void> => {
  const held = awake
  awake = null
  // It is gone with the page that is hidden, if it cannot be given back.
  await held?.release().catch(() => undefined)
}

document.addEventListener('visibilitychange', () => {
  if (wanted) void lock()
})
