/** Owns the English words of the settings. */
import type { Theme } from '../../../app/settings.ts'

const themes: Record<Theme, string> = { auto: 'As the system', light: 'Light', dark: 'Dark' }

export const settings = {
  title: 'Settings',
  general: 'General',
  theme: 'Appearance',
  themes,
  language: 'Language',
  automatic: 'As the browser',
  install: 'Install as an app',
  installHint: 'With a place of its own among your apps, and a window of its own.',
  reset: 'Reset all settings',
  resetSure: 'Press again to reset',
  resetHint: 'Forgets everything that this browser remembers for you, your name too.',
  resetDone: 'All settings are back to their defaults.',
  chat: 'Chat',
  connection: 'Connection',
  media: 'Audio and video',
  devicesHint: 'Their names are known once a microphone or camera has been allowed on this page.',
  noiseSuppression: 'Noise suppression',
  noiseSuppressionHint: 'Takes away fans and keyboards. Turn it off for music.',
  echoCancellation: 'Echo cancellation',
  echoCancellationHint: 'Keeps what comes out of the speaker from coming back. Needed without headphones.',
  autoGain: 'Even loudness',
  autoGainHint: 'Makes a soft voice louder and a loud one softer.',
  keyboard: 'Keyboard',
  notifications: 'Notifications',
  notificationsHint: 'From the system, while you look at something else.',
  notificationsRefused: 'The browser does not allow it. You can change that in its settings for this site.',
  sound: 'Sound',
  soundHint: 'Two soft tones, while you look at something else.',
  typing: 'Show others that I am writing',
  typingHint: 'You see who is writing either way.',
  handOver: 'Hand over recent messages',
  handOverHint: 'Whoever comes to the room later is shown up to 100 of the last messages by you.',
}
