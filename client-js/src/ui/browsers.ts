/** Owns which browser this seems to be. For words about where its settings are, and for nothing else. */

export type Browser = 'chromium' | 'firefox' | 'safari' | 'safari-phone' | 'android' | 'other'

/** Every browser on an iPhone or iPad is Safari underneath; an iPad calls itself a Mac, but has fingers. */
export const browserOf = (agent: string, touchPoints: number): Browser => {
  if (/iPhone|iPad|iPod/.test(agent) || (/Macintosh/.test(agent) && touchPoints > 1)) return 'safari-phone'
  if (/Firefox\//.test(agent)) return 'firefox'
  if (/Android/.test(agent) && /Chrome\//.test(agent)) return 'android'
  if (/Chrome\/|Chromium\//.test(agent)) return 'chromium'
  if (/Safari\//.test(agent)) return 'safari'
  return 'other'
}

export const browser = (): Browser => browserOf(navigator.userAgent, navigator.maxTouchPoints)
