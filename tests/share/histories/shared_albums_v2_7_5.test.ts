import { testAlbumHistories } from '../oracle/property.ts';

testAlbumHistories('v2.7.5', { byDefault: true });
