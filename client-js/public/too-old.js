/* Says above the page that the browser is too old for it. Loaded where `supported.js` finds it so. */
;(function () {
  var words = {
    en: 'This browser is too old for this page. Please use Chrome or Edge 123, Firefox 120, Safari 17.5, or a newer version of one of them.',
    de: 'Dieser Browser ist zu alt für diese Seite. Bitte verwende Chrome oder Edge 123, Firefox 120, Safari 17.5 oder eine neuere Version davon.',
    es: 'Este navegador es demasiado antiguo para esta página. Usa Chrome o Edge 123, Firefox 120, Safari 17.5 o una versión más reciente.',
    fr: 'Ce navigateur est trop ancien pour cette page. Utilisez Chrome ou Edge 123, Firefox 120, Safari 17.5 ou une version plus récente.',
    zh: '此浏览器版本过旧，无法使用本页面。请使用 Chrome 或 Edge 123、Firefox 120、Safari 17.5 或更新版本。',
    ar: 'هذا المتصفح قديم جدًا لهذه الصفحة. استخدم Chrome أو Edge 123 أو Firefox 120 أو Safari 17.5 أو إصدارًا أحدث.',
  }
  var language = (navigator.language || 'en').slice(0, 2)
  if (!words[language]) language = 'en'
  var note = document.createElement('p')
  note.setAttribute('role', 'alert')
  note.className = 'too-old'
  note.lang = language
  note.dir = language === 'ar' ? 'rtl' : 'ltr'
  note.appendChild(document.createTextNode(words[language]))
  document.body.insertBefore(note, document.body.firstChild)
})()
