/** Owns the German words of the settings. */
import type { Texts } from '../en.ts'

export const settings: Texts['settings'] = {
  title: 'Einstellungen',
  general: 'Allgemein',
  theme: 'Erscheinungsbild',
  themes: { auto: 'Wie im System', light: 'Hell', dark: 'Dunkel' },
  language: 'Sprache',
  automatic: 'Wie im Browser',
  install: 'Als App installieren',
  installHint: 'Mit einem Platz unter deinen Apps und einem eigenen Fenster.',
  reset: 'Alles zurücksetzen',
  resetSure: 'Zum Zurücksetzen noch einmal drücken',
  resetHint: 'Vergisst alles, was dieser Browser sich für dich merkt, auch deinen Namen.',
  resetDone: 'Alle Einstellungen sind wieder wie am Anfang.',
  chat: 'Chat',
  connection: 'Verbindung',
  media: 'Ton und Bild',
  devicesHint:
    'Ihre Namen sind bekannt, sobald auf dieser Seite ein Mikrofon oder eine Kamera erlaubt wurde.',
  noiseSuppression: 'Störgeräusche unterdrücken',
  noiseSuppressionHint: 'Entfernt Lüfter und Tastaturen. Für Musik besser aus.',
  echoCancellation: 'Echo unterdrücken',
  echoCancellationHint: 'Verhindert, dass der Lautsprecher zurückkommt. Nötig ohne Kopfhörer.',
  autoGain: 'Gleichmäßige Lautstärke',
  autoGainHint: 'Macht leise Stimmen lauter und laute leiser.',
  keyboard: 'Tastatur',
  notifications: 'Benachrichtigungen',
  notificationsHint: 'Vom System, während du etwas anderes ansiehst.',
  notificationsRefused:
    'Der Browser erlaubt es nicht. Das lässt sich in seinen Einstellungen für diese Seite ändern.',
  sound: 'Ton',
  soundHint: 'Zwei leise Töne, während du etwas anderes ansiehst.',
  typing: 'Anderen zeigen, dass ich schreibe',
  typingHint: 'Wer schreibt, siehst du in jedem Fall.',
  handOver: 'Letzte Nachrichten weitergeben',
  handOverHint: 'Wer später in den Raum kommt, bekommt von dir bis zu 100 der letzten Nachrichten gezeigt.',
}
