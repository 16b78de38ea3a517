import { testAlbumHistories } from '../oracle/property.ts';

testAlbumHistories('v3.3.0', { byDefault: true });
