// Uploads files with tus-js-client as a plan on standard input says; tells on standard output,
// for each, what became of it. The first argument is the folder where the package is installed.
//
// Plan: {endpoint, token, storage?, uploads: [{file, metadata, stream?, stopAt?, options}]}.
// `stream`: the file comes as a stream, its length unknown. `stopAt`: end the process in order
// once so many bytes are acknowledged.
import { createReadStream, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { PassThrough } from 'node:stream'

process.exitCode = 1 // unless all uploads end
const tus = createRequire(`${process.argv[2]}/`)('tus-js-client')
const plan = JSON.parse(readFileSync(0, 'utf8'))
const urlStorage = plan.storage ? new tus.FileUrlStorage(plan.storage) : undefined

function source({ file, stream }) {
  return stream ? createReadStream(file).pipe(new PassThrough()) : createReadStream(file)
}

async function run(one) {
  const requests = []
  const told = { requests, url: null, resumed: false, error: null, stopped: false }
  await new Promise((resolve) => {
    const upload = new tus.Upload(source(one), {
      endpoint: plan.endpoint,
      headers: { Authorization: `Bearer ${plan.token}` },
      metadata: one.metadata,
      retryDelays: [0, 50, 100, 200, 400, 800],
      ...(urlStorage ? { urlStorage, storeFingerprintForResuming: true } : {}),
      ...one.options,
      onAfterResponse: (request, response) => {
        requests.push(`${request.getMethod()} ${response.getStatus()}`)
      },
      onChunkComplete: async (_, accepted) => {
        if (one.stopAt && accepted >= one.stopAt) {
          told.stopped = true
          await upload.abort()
          told.url = upload.url
          resolve()
        }
      },
      onSuccess: () => {
        told.url = upload.url
        resolve()
      },
      onError: (error) => {
        told.url = upload.url
        told.error = String(error)
        resolve()
      },
    })
    const begin = async () => {
      if (urlStorage) {
        const [previous] = await upload.findPreviousUploads()
        if (previous) {
          upload.resumeFromPreviousUpload(previous)
          told.resumed = true
        }
      }
      upload.start()
    }
    begin().catch((error) => {
      told.error = String(error)
      resolve()
    })
  })
  return told
}

const found = await Promise.all(plan.uploads.map(run))
process.stdout.write(JSON.stringify(found), () => process.exit(0))
