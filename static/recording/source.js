// @ts-check
/** @import {RecordedFile} from "../client/protocol.js" */
// Where a film comes from: a file that is whole, or one that is still being
// written, of which a playlist says how far it has come.

/** A film that grows can be played: what it is in, and what the browser knows. @param {RecordedFile} file */
export function playable(file) {
  return file.done || file.type === "video/mp4";
}

/**
 * Has a player show a file from a moment on, in seconds of the file. What is
 * returned ends that, before the player shows another.
 * @param {HTMLVideoElement} film
 * @param {RecordedFile} file
 * @param {number} at
 * @returns {() => void}
 */
export function show(film, file, at) {
  if (file.done) {
    film.src = file.url;
    film.load();
    return () => {};
  }
  const list = file.url.replace(/\.mp4$/, ".m3u8");
  if (!("MediaSource" in globalThis) && !("ManagedMediaSource" in globalThis)) {
    film.src = list; // Safari on phones plays HLS by itself
    film.load();
    return () => {};
  }
  let over = false;
  /** @type {any} */ let hls;
  void import(new URL("../vendor/hls.light.module.js", import.meta.url).href).then(({default: Hls}) => {
    if (over) return;
    hls = new Hls({enableWorker: false, startPosition: at, liveSyncDurationCount: 1, backBufferLength: 60, maxBufferLength: 20,
      manifestLoadingMaxRetry: 4, levelLoadingMaxRetry: 8, fragLoadingMaxRetry: 8});
    hls.on(Hls.Events.ERROR, (/** @type {unknown} */ _event, /** @type {{fatal: boolean, type: string}} */ {fatal, type}) => {
      if (!fatal || over) return;
      if (type === Hls.ErrorTypes.MEDIA_ERROR) hls.recoverMediaError();
      else film.dispatchEvent(new Event("error"));
    });
    hls.loadSource(list);
    hls.attachMedia(film);
  }, () => film.dispatchEvent(new Event("error")));
  return () => {
    over = true;
    hls?.destroy();
  };
}
