/** Owns the English words of the settings. */
import type { Theme } from '../../../settings.ts'

const themes: Record<Theme, string> = { auto: 'As the system', light: 'Light', dark: 'Dark' }

export const settings = {
  title: 'Settings',
  general: 'General',
  theme: 'Appearance',
  themes,
  language: 'Language',
  automatic: 'As the browser',
  reset: 'Reset all settings',
  resetSure: 'Press again to reset',
  resetHint: 'Forgets everything that this browser remembers for you, your name too.',
  resetDone: 'All settings are back to their defaults.',
}
