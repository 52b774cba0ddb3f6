/** Plays the three notes by which somebody finds out whether their speaker works. */
import { attempt, within } from '../link/browser-api.ts'

const notesHz = [523.25, 659.25, 783.99]
const noteS = 0.22
const fadeS = 0.05
const endMs = 3_000

/** Whether they were played to the end. `speaker` is a device's id, or empty for the system's own. */
export const chime = async (speaker: string): Promise<boolean> => {
  const context = attempt(() => new AudioContext())
  if (!context) return false
  const audio = new Audio()
  try {
    const out = context.createMediaStreamDestination()
    const last = notesHz.map((hz, at) => note(context, out, hz, at)).at(-1)
    audio.srcObject = out.stream
    // Firefox and Chromium let a page choose; elsewhere the system's own is the only one there is.
    if (speaker !== '' && 'setSinkId' in audio) await audio.setSinkId(speaker)
    await audio.play()
    // A context that the browser holds back plays nothing, and ends nothing.
    const ended = new Promise<true>(heard => last?.addEventListener('ended', () => heard(true)))
    return await within(endMs, ended, false)
  } catch {
    return false
  } finally {
    audio.srcObject = null
    void context.close().catch(() => undefined)
  }
}

/** Fades in and out, since a note that is cut off clicks. */
const note = (context: AudioContext, out: AudioNode, hz: number, at: number): OscillatorNode => {
  const from = context.currentTime + 0.1 + at * noteS
  const gain = context.createGain()
  gain.gain.setValueAtTime(0, from)
  gain.gain.linearRampToValueAtTime(0.2, from + fadeS)
  gain.gain.linearRampToValueAtTime(0, from + noteS * 1.6)
  gain.connect(out)
  const oscillator = context.createOscillator()
  oscillator.frequency.value = hz
  oscillator.connect(gain)
  oscillator.start(from)
  oscillator.stop(from + noteS * 1.7)
  return oscillator
}
