/** Owns the French words around microphone, camera and speaker, and what to do when one cannot be had. */
import type { Texts } from '../en.ts'

export const preview: Texts['preview'] = {
  title: 'Micro et caméra',
  devices: { microphone: 'Micro', camera: 'Caméra', speaker: 'Haut-parleur' },
  choose: {
    microphone: 'Choisir un micro',
    camera: 'Choisir une caméra',
    speaker: 'Choisir un haut-parleur',
  },
  systemDevice: 'Celui du système',
  ask: 'Voulez-vous qu’on vous entende et qu’on vous voie ?',
  askHint: 'Votre navigateur vous le demandera d’abord. Vous pouvez aussi vous en passer.',
  allowBoth: 'Autoriser micro et caméra',
  allowMicrophone: 'Micro seulement',
  asking: 'Répondez à la question de votre navigateur…',
  cameraOff: 'Votre caméra est coupée',
  speak: 'Dites quelque chose : la barre devrait bouger.',
  silent: 'Votre micro est activé mais ne donne aucun son. Il a peut-être son propre interrupteur.',
  testSpeaker: 'Tester le son',
  testing: 'Trois notes se font entendre…',
  testFailed: 'Aucun son n’a pu être joué.',
  again: 'Réessayer',
  troubles: {
    microphone: {
      insecure: 'Pas de micro sans HTTPS',
      blocked: 'Le micro est bloqué',
      'blocked-by-system': 'Le système refuse le micro au navigateur',
      dismissed: 'La question du navigateur est restée sans réponse',
      'not-found': 'Aucun micro trouvé',
      'in-use': 'Le micro est occupé',
      lost: 'Le micro a été débranché',
      failed: 'Le micro n’a pas pu démarrer',
    },
    camera: {
      insecure: 'Pas de caméra sans HTTPS',
      blocked: 'La caméra est bloquée',
      'blocked-by-system': 'Le système refuse la caméra au navigateur',
      dismissed: 'La question du navigateur est restée sans réponse',
      'not-found': 'Aucune caméra trouvée',
      'in-use': 'La caméra est occupée',
      lost: 'La caméra a été débranchée',
      failed: 'La caméra n’a pas pu démarrer',
    },
  },
  troublesBoth: {
    insecure: 'Ni micro ni caméra sans HTTPS',
    blocked: 'Micro et caméra sont bloqués',
    'blocked-by-system': 'Le système refuse micro et caméra au navigateur',
    'not-found': 'Ni micro ni caméra trouvés',
    'in-use': 'Micro et caméra sont occupés',
  },
  remedies: {
    insecure:
      'Cette page est venue sans HTTPS, et les navigateurs ne confient aucun appareil à de telles pages. Demandez une adresse qui commence par https://.',
    'blocked-by-system':
      'Ouvrez les réglages de confidentialité de votre système et autorisez le navigateur. Puis revenez et réessayez.',
    dismissed: 'Appuyez sur « Réessayer », puis choisissez « Autoriser » quand le navigateur le demande.',
    'not-found': 'Vérifiez qu’il est branché et allumé.',
    'in-use': 'Un autre programme ou onglet l’utilise. Fermez-le, puis réessayez.',
    lost: 'Rebranchez-le ou choisissez-en un autre.',
    failed: 'Débranchez-le et rebranchez-le, ou choisissez-en un autre.',
  },
  unblocking: {
    chromium: 'Appuyez sur l’icône à gauche de l’adresse, activez-le là, puis réessayez.',
    firefox: 'Appuyez sur l’icône barrée à gauche de l’adresse, levez le blocage, puis réessayez.',
    safari: 'Choisissez « Réglages pour ce site web… » dans le menu Safari, autorisez-le, puis réessayez.',
    'safari-phone':
      'Appuyez sur l’icône à gauche de l’adresse, puis « Réglages du site web », autorisez-le, puis réessayez.',
    android:
      'Appuyez sur l’icône à gauche de l’adresse, puis « Autorisations », autorisez-le, puis réessayez.',
    other: 'Autorisez-le dans les réglages du navigateur pour cette page, puis réessayez.',
  },
  entersWithout:
    'Vous entrez dans l’appel sans être entendu ni vu. Vous pourrez y changer cela à tout moment.',
  joins: {
    neither: 'Vous entrez sans micro ni caméra. Vous pourrez rejoindre l’appel quand vous voudrez.',
    microphone: 'Vous entrez dans l’appel avec votre micro, sans image.',
    camera: 'Vous entrez dans l’appel avec votre caméra, micro coupé.',
    both: 'Vous entrez dans l’appel avec micro et caméra.',
  },
}
