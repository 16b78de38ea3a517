import { testAlbumHistories } from '../oracle/property.ts';

testAlbumHistories('v3.2.0', { byDefault: false });
