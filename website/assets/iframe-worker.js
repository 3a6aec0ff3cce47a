// Browsers start no workers for pages that are files. The search's worker then runs in a hidden frame.
if (location.protocol === "file:") {
  window.Worker = window.IFrameWorker = class extends EventTarget { // the search looks for the second name
    constructor(address) {
      super()
      this.frame = document.createElement("iframe")
      this.frame.hidden = true
      document.body.append(this.frame)
      this.inside = this.frame.contentWindow
      this.ready = this._run(address)
    }

    // The worker's script loads other scripts and posts messages to its creator.
    _run(address) {
      this.inside.importScripts = (...addresses) =>
        addresses.reduce((before, next) => before.then(() => this._load(next)), Promise.resolve())
      this.inside.postMessage = (data) => this._say(new MessageEvent("message", { data }))
      return this._load(address)
    }

    _load(address) {
      return new Promise((loaded, failed) => {
        const script = this.inside.document.createElement("script")
        Object.assign(script, { src: address, onload: loaded, onerror: failed })
        this.inside.document.body.append(script)
      })
    }

    _say(event) {
      this.dispatchEvent(event)
      if (this.onmessage) this.onmessage(event)
    }

    postMessage(data) {
      this.ready.then(() => this.inside.dispatchEvent(new MessageEvent("message", { data })))
    }

    terminate() {
      this.frame.remove()
    }
  }
}
