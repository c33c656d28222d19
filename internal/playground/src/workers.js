// Tells the editor where its workers are. WORKER_SCRIPTS is filled in by build.mjs, which knows their hashed names.
globalThis.MonacoEnvironment = {
  getWorker: (_, label) => new Worker(WORKER_SCRIPTS[label] ?? WORKER_SCRIPTS.editor),
};
