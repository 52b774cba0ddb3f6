/**
 * What Safari does differently, imitated in Chromium: each is a script that runs in a page before its own. What
 * WebKit does itself cannot be had this way; these are the differences that are known to matter here.
 */

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
