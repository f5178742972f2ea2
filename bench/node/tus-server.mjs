// tus-node-server with its S3 store, as its README sets it up.
import { Server } from '@tus/server';
import { S3Store } from '@tus/s3-store';

const datastore = new S3Store({
  s3ClientConfig: {
    bucket: process.env.S3_BUCKET,
    region: process.env.S3_REGION,
    endpoint: process.env.S3_ENDPOINT_URL,
    forcePathStyle: true,
    credentials: {
      accessKeyId: process.env.S3_ACCESS_KEY_ID,
      secretAccessKey: process.env.S3_SECRET_ACCESS_KEY,
    },
  },
});
const server = new Server({ path: '/files', datastore });
server.listen({ host: '127.0.0.1', port: Number(process.env.PORT) }, () => console.log('ready'));
