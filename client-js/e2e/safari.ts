/**
 * What Safari does differently, imitated in Chromium: each is a script that runs in a page before its own. What
 * WebKit does itself cannot be had this way; these are the differences that are known to matter here.
 */

/** On a phone the loudness belongs to the person's buttons: a page reads 1, and what it writes is ignored. */
export const fixedVolume = (): void => {
  Object.defineProperty(HTMLMediaElement.prototype, 'volume', {
    configurable: true,
    get: () => 1,
    set: () => undefined,
  })
}

/** What it does not have, on a phone least of all. */
export const lacks = (): void => {
  Reflect.deleteProperty(globalThis, 'requestIdleCallback')
  Reflect.deleteProperty(globalThis, 'cancelIdleCallback')
  Reflect.deleteProperty(globalThis, 'showSaveFilePicker')
  Reflect.deleteProperty(globalThis, 'showOpenFilePicker')
  Reflect.deleteProperty(globalThis, 'Notification')
  Reflect.deleteProperty(HTMLMediaElement.prototype, 'setSinkId')
  Reflect.deleteProperty(HTMLMediaElement.prototype, 'sinkId')
  Reflect.deleteProperty(MediaDevices.prototype, 'getDisplayMedia')
  Reflect.deleteProperty(Navigator.prototype, 'connection')
  Reflect.deleteProperty(Element.prototype, 'requestFullscreen')
  Object.defineProperty(document, 'fullscreenEnabled', { value: false })
  // Before Safari 26 a page could write to its own files in a worker alone.
  Reflect.deleteProperty(FileSystemFileHandle.prototype, 'createWritable')
}

/** Sound begins within a press alone; pictures without sound may begin by themselves. */
export const refusesAutoplay = (): void => {
  let pressed = false
  addEventListener(
    'click',
    () => {
      pressed = true
      setTimeout(() => {
        pressed = false
      })
    },
    true,
  )
  const { play } = HTMLMediaElement.prototype
  HTMLMediaElement.prototype.play = function () {
    return pressed || this.muted
      ? play.call(this)
      : Promise.reject(new DOMException('The request is not allowed', 'NotAllowedError'))
  }
}

/** Keeps at hand what the system takes away from a page and gives back: its tracks, and its clocks for sound. */
export const takenBySystem = (): void => {
  const taken = { tracks: [] as MediaStreamTrack[], contexts: [] as AudioContext[] }
  Object.assign(globalThis, { taken })
  // A page without https has no devices.
  const devices = navigator.mediaDevices as MediaDevices | undefined
  const get = devices?.getUserMedia.bind(devices)
  if (devices && get)
    devices.getUserMedia = async wish => {
      const stream = await get(wish)
      taken.tracks.push(...stream.getTracks())
      return stream
    }
  const Native = AudioContext
  globalThis.AudioContext = class extends Native {
    constructor(options?: AudioContextOptions) {
      super(options)
      taken.contexts.push(this)
    }
  }
}

declare const taken: { tracks: MediaStreamTrack[]; contexts: AudioContext[] }
declare const players: HTMLAudioElement[]

/** A phone call comes in, or Siri: nothing of the page sounds any more. Run in a page with `takenBySystem` and its players. */
export const interrupt = async (): Promise<void> => {
  Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'hidden' })
  document.dispatchEvent(new Event('visibilitychange'))
  for (const player of players) player.pause()
  for (const context of taken.contexts) if (context.state === 'running') await context.suspend()
}

/** The call is over, and the page is looked at again; nobody has pressed anything yet. */
export const endInterruption = (): void => {
  Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'visible' })
  document.dispatchEvent(new Event('visibilitychange'))
}

/** The system takes the microphone, or gives it back: its track stays live, and carries silence meanwhile. */
export const muteMicrophone = (muted: boolean): void => {
  for (const track of taken.tracks.filter(({ kind }) => kind === 'audio')) {
    Object.defineProperty(track, 'muted', { configurable: true, get: () => muted })
    track.dispatchEvent(new Event(muted ? 'mute' : 'unmute'))
  }
}

/** The Enter that ends a composition comes after it, as key 229 (WebKit bug 165004). */
export const composeWord = (field: HTMLElement): boolean => {
  field.dispatchEvent(new CompositionEvent('compositionstart', { bubbles: true }))
  field.dispatchEvent(new CompositionEvent('compositionend', { bubbles: true, data: '日本' }))
  const enter = new KeyboardEvent('keydown', { key: 'Enter', keyCode: 229, bubbles: true, cancelable: true })
  return field.dispatchEvent(enter)
}

/** Not Safari but Firefox, where a microphone has another rate than what plays, as some headsets have. */
export const refusesOtherRates = (): void => {
  AudioContext.prototype.createMediaStreamSource = () => {
    throw new DOMException('Connecting nodes with different sample rates', 'NotSupportedError')
  }
}
