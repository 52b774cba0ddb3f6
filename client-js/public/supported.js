/* Looks whether the browser has what this page is made of: an old one cannot even read its script. */
;(function () {
  var able =
    'noModule' in document.createElement('script') &&
    typeof URL === 'function' &&
    typeof URL.canParse === 'function' &&
    typeof [].toSorted === 'function' &&
    typeof [].findLast === 'function' &&
    'popover' in document.createElement('div') &&
    typeof CSS === 'object' &&
    CSS.supports('color', 'light-dark(red, red)')
  if (able) return
  var words = document.createElement('script')
  words.src = './too-old.js'
  document.body.appendChild(words)
})()
