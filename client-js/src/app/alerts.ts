/** The two ways to alert somebody who does not look at the page: a system notification and a soft sound. */
import { attempt } from '../link/browser-api.ts'
import type { Alerts } from './chat-commands.ts'

/** One at a time: the next takes the place of the last, and a second sound waits until the first has long ended. */
const tag = 'p2pchat'
const chimeAgainMs = 2_000

const granted = (): boolean => 'Notification' in globalThis && Notification.permission === 'granted'

const notify = (title: string, body: string): void => {
  if (!granted()) return
  // Without `renotify` one that takes the place of another comes without a sound.
  const options = { body, tag, icon: './icon-192.png', renotify: true }
  try {
    const shown = new Notification(title, options)
    shown.addEventListener('click', () => {
      window.focus()
      shown.close()
    })
  } catch {
    // Chrome on Android shows them only through a service worker.
    void attempt(() => navigator.serviceWorker?.getRegistration())
      ?.then(registration => registration?.showNotification(title, options))
      .catch(() => undefined)
  }
}

let audio: AudioContext | null = null
let chimedAt = 0

/** Two short tones, the second a fifth higher. */
const chime = (): void => {
  if (Date.now() - chimedAt < chimeAgainMs) return
  chimedAt = Date.now()
  try {
    audio ??= new AudioContext()
    void audio.resume().catch(() => undefined)
    tone(audio, 523.25, 0)
    tone(audio, 783.99, 0.14)
  } catch {
    // A browser without sound.
  }
}

const tone = (context: AudioContext, frequency: number, after: number): void => {
  const [source, volume] = [context.createOscillator(), context.createGain()]
  const from = context.currentTime + after
  source.frequency.value = frequency
  volume.gain.setValueAtTime(0, from)
  volume.gain.linearRampToValueAtTime(0.08, from + 0.02)
  volume.gain.exponentialRampToValueAtTime(0.0001, from + 0.35)
  source.connect(volume).connect(context.destination)
  source.start(from)
  source.stop(from + 0.4)
}

const mayNotify = async (): Promise<boolean> => {
  if (!('Notification' in globalThis)) return false
  // Refused in a frame of another page, for instance, which some browsers say by an error.
  const asked = granted()
    ? 'granted'
    : await attempt(() => Notification.requestPermission())?.catch(() => null)
  return asked === 'granted'
}

export const alerts: Alerts = {
  hidden: () => document.visibilityState === 'hidden',
  notify,
  chime,
  mayNotify,
}
