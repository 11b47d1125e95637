// The page of a verification code: says whether a file is the original, without sending it anywhere.
const part = document.getElementById('compare')
const input = document.getElementById('file')
const says = ['same', 'other', 'failed'].map((id) => document.getElementById(id))

const show = (id) => says.forEach((one) => (one.hidden = one.id !== id))

async function compare(file) {
  show('')
  try {
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer()))
    const hex = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('')
    // The first: as it was issued, before what proves its signatures later was added to it.
    show(hex === part.dataset.sha256 || hex === part.dataset.first ? 'same' : 'other')
  } catch {
    show('failed')
  }
}

part.hidden = false
input.addEventListener('change', () => input.files[0] && compare(input.files[0]))
part.addEventListener('dragover', (event) => {
  event.preventDefault()
  part.classList.add('over')
})
part.addEventListener('dragleave', () => part.classList.remove('over'))
part.addEventListener('drop', (event) => {
  event.preventDefault()
  part.classList.remove('over')
  if (event.dataTransfer.files[0]) compare(event.dataTransfer.files[0])
})
