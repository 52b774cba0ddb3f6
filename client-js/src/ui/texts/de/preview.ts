/** Owns the German words around microphone, camera and speaker, and what to do when one cannot be had. */
import type { Texts } from '../en.ts'

export const preview: Texts['preview'] = {
  title: 'Mikrofon und Kamera',
  devices: { microphone: 'Mikrofon', camera: 'Kamera', speaker: 'Lautsprecher' },
  choose: {
    microphone: 'Mikrofon wählen',
    camera: 'Kamera wählen',
    speaker: 'Lautsprecher wählen',
  },
  systemDevice: 'Wie im System',
  ask: 'Möchtest du gehört und gesehen werden?',
  askHint: 'Dein Browser fragt dich vorher. Es geht auch ohne.',
  allowBoth: 'Mikrofon und Kamera erlauben',
  allowMicrophone: 'Nur Mikrofon',
  asking: 'Beantworte die Frage deines Browsers …',
  cameraOff: 'Deine Kamera ist aus',
  speak: 'Sag etwas: Der Balken sollte sich bewegen.',
  silent:
    'Dein Mikrofon ist an, gibt aber keinen Ton. Vielleicht ist es an einem eigenen Schalter stumm gestellt.',
  testSpeaker: 'Ton testen',
  testing: 'Drei Töne erklingen …',
  testFailed: 'Es konnte kein Ton abgespielt werden.',
  again: 'Noch einmal versuchen',
  troubles: {
    microphone: {
      insecure: 'Kein Mikrofon ohne HTTPS',
      blocked: 'Das Mikrofon ist blockiert',
      'blocked-by-system': 'Das System gibt dem Browser das Mikrofon nicht',
      dismissed: 'Die Frage des Browsers blieb unbeantwortet',
      'not-found': 'Kein Mikrofon gefunden',
      'in-use': 'Das Mikrofon ist belegt',
      lost: 'Das Mikrofon wurde abgezogen',
      failed: 'Das Mikrofon ließ sich nicht starten',
    },
    camera: {
      insecure: 'Keine Kamera ohne HTTPS',
      blocked: 'Die Kamera ist blockiert',
      'blocked-by-system': 'Das System gibt dem Browser die Kamera nicht',
      dismissed: 'Die Frage des Browsers blieb unbeantwortet',
      'not-found': 'Keine Kamera gefunden',
      'in-use': 'Die Kamera ist belegt',
      lost: 'Die Kamera wurde abgezogen',
      failed: 'Die Kamera ließ sich nicht starten',
    },
  },
  troublesBoth: {
    insecure: 'Weder Mikrofon noch Kamera ohne HTTPS',
    blocked: 'Mikrofon und Kamera sind blockiert',
    'blocked-by-system': 'Das System gibt dem Browser weder Mikrofon noch Kamera',
    'not-found': 'Weder Mikrofon noch Kamera gefunden',
    'in-use': 'Mikrofon und Kamera sind belegt',
  },
  remedies: {
    insecure:
      'Diese Seite kam ohne HTTPS, und solchen Seiten geben Browser keine Geräte. Frag nach einer Adresse, die mit https:// beginnt.',
    'blocked-by-system':
      'Öffne die Datenschutz-Einstellungen deines Systems und erlaube es dem Browser. Komm dann zurück und versuche es noch einmal.',
    dismissed: 'Drücke „Noch einmal versuchen“ und wähle „Zulassen“, wenn der Browser fragt.',
    'not-found': 'Prüfe, ob es angeschlossen und eingeschaltet ist.',
    'in-use':
      'Ein anderes Programm oder ein anderer Tab benutzt es. Schließe das und versuche es noch einmal.',
    lost: 'Schließe es wieder an oder wähle ein anderes.',
    failed: 'Zieh es ab und schließe es wieder an, oder wähle ein anderes.',
  },
  unblocking: {
    chromium: 'Drücke das Symbol links neben der Adresse, schalte es dort ein und versuche es noch einmal.',
    firefox:
      'Drücke das durchgestrichene Symbol links neben der Adresse, hebe die Blockierung auf und versuche es noch einmal.',
    safari:
      'Wähle im Safari-Menü „Einstellungen für diese Website …“, erlaube es dort und versuche es noch einmal.',
    'safari-phone':
      'Drücke das Symbol links neben der Adresse, dann „Website-Einstellungen“, erlaube es dort und versuche es noch einmal.',
    android:
      'Drücke das Symbol links neben der Adresse, dann „Berechtigungen“, erlaube es dort und versuche es noch einmal.',
    other: 'Erlaube es in den Einstellungen des Browsers für diese Seite und versuche es noch einmal.',
  },
  entersWithout: 'Du kommst ungehört und ungesehen in den Anruf. Dort kannst du das jederzeit ändern.',
  joins: {
    neither: 'Du kommst ohne Mikrofon und Kamera. In den Anruf kannst du jederzeit.',
    microphone: 'Du kommst mit Mikrofon in den Anruf, ungesehen.',
    camera: 'Du kommst mit Kamera in den Anruf, stumm.',
    both: 'Du kommst mit Mikrofon und Kamera in den Anruf.',
  },
}
