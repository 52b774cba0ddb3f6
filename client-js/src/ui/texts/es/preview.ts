/** Owns the Spanish words around microphone, camera and speaker, and what to do when one cannot be had. */
import type { Texts } from '../en.ts'

export const preview: Texts['preview'] = {
  title: 'Micrófono y cámara',
  devices: { microphone: 'Micrófono', camera: 'Cámara', speaker: 'Altavoz' },
  choose: {
    microphone: 'Elegir un micrófono',
    camera: 'Elegir una cámara',
    speaker: 'Elegir un altavoz',
  },
  systemDevice: 'El del sistema',
  ask: '¿Quieres que te oigan y te vean?',
  askHint: 'Tu navegador te preguntará antes. También puedes prescindir de ello.',
  allowBoth: 'Permitir micrófono y cámara',
  allowMicrophone: 'Solo micrófono',
  asking: 'Responde a la pregunta de tu navegador…',
  cameraOff: 'Tu cámara está apagada',
  speak: 'Di algo: la barra debería moverse.',
  silent: 'Tu micrófono está encendido pero no da ningún sonido. Quizá tenga su propio interruptor.',
  testSpeaker: 'Probar el sonido',
  testing: 'Suenan tres notas…',
  testFailed: 'No se ha podido reproducir ningún sonido.',
  again: 'Reintentar',
  troubles: {
    microphone: {
      insecure: 'No hay micrófono sin HTTPS',
      blocked: 'El micrófono está bloqueado',
      'blocked-by-system': 'El sistema no da el micrófono al navegador',
      dismissed: 'La pregunta del navegador quedó sin respuesta',
      'not-found': 'No se ha encontrado ningún micrófono',
      'in-use': 'El micrófono está ocupado',
      lost: 'Se ha desconectado el micrófono',
      failed: 'No se ha podido iniciar el micrófono',
    },
    camera: {
      insecure: 'No hay cámara sin HTTPS',
      blocked: 'La cámara está bloqueada',
      'blocked-by-system': 'El sistema no da la cámara al navegador',
      dismissed: 'La pregunta del navegador quedó sin respuesta',
      'not-found': 'No se ha encontrado ninguna cámara',
      'in-use': 'La cámara está ocupada',
      lost: 'Se ha desconectado la cámara',
      failed: 'No se ha podido iniciar la cámara',
    },
  },
  troublesBoth: {
    insecure: 'No hay ni micrófono ni cámara sin HTTPS',
    blocked: 'Micrófono y cámara están bloqueados',
    'blocked-by-system': 'El sistema no da ni micrófono ni cámara al navegador',
    'not-found': 'No se ha encontrado ni micrófono ni cámara',
    'in-use': 'Micrófono y cámara están ocupados',
  },
  remedies: {
    insecure:
      'Esta página ha llegado sin HTTPS, y los navegadores no dan dispositivos a esas páginas. Pide una dirección que empiece por https://.',
    'blocked-by-system':
      'Abre los ajustes de privacidad de tu sistema y permíteselo al navegador. Después vuelve e inténtalo de nuevo.',
    dismissed: 'Pulsa «Reintentar» y elige «Permitir» cuando el navegador pregunte.',
    'not-found': 'Comprueba que esté conectado y encendido.',
    'in-use': 'Otro programa u otra pestaña lo está usando. Ciérralo e inténtalo de nuevo.',
    lost: 'Vuelve a conectarlo o elige otro.',
    failed: 'Desconéctalo y vuelve a conectarlo, o elige otro.',
  },
  unblocking: {
    chromium: 'Pulsa el icono a la izquierda de la dirección, actívalo ahí e inténtalo de nuevo.',
    firefox: 'Pulsa el icono tachado a la izquierda de la dirección, quita el bloqueo e inténtalo de nuevo.',
    safari: 'Elige «Ajustes para este sitio web…» en el menú de Safari, permítelo ahí e inténtalo de nuevo.',
    'safari-phone':
      'Pulsa el icono a la izquierda de la dirección, luego «Ajustes del sitio web», permítelo ahí e inténtalo de nuevo.',
    android:
      'Pulsa el icono a la izquierda de la dirección, luego «Permisos», permítelo ahí e inténtalo de nuevo.',
    other: 'Permítelo en los ajustes del navegador para esta página e inténtalo de nuevo.',
  },
  entersWithout: 'Entras en la llamada sin que te oigan ni te vean. Allí puedes cambiarlo cuando quieras.',
  joins: {
    neither: 'Entras sin micrófono ni cámara. Puedes unirte a la llamada cuando quieras.',
    microphone: 'Entras en la llamada con micrófono, sin imagen.',
    camera: 'Entras en la llamada con cámara, en silencio.',
    both: 'Entras en la llamada con micrófono y cámara.',
  },
}
