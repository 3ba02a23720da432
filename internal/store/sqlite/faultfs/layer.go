package faultfs

import (
	"fmt"
	"path/filepath"
	"sync"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// The layer is a file system (VFS) in SQLite's own terms, as C structures
// whose function pointers are Go functions. https://www.sqlite.org/vfs.html
//
// SQLite keeps a C structure for each open file, whose size a VFS names. Ours
// is a prefix, followed by that of the file system below, to which everything
// is passed on:
//
//	| methods | id | structure of the real file …
type prefix struct {
	methods uintptr // of layer, as SQLite expects it in the first place
	id      uintptr // in handles
}

const prefixSize = unsafe.Sizeof(prefix{})

// C has the addresses of these two, so they never move.
var (
	layer   lib.Tsqlite3_vfs
	methods lib.Tsqlite3_io_methods
)

// lower is the file system that was the default before.
var lower uintptr

// install puts the layer in front of SQLite's default file system. Watched
// directories are told apart by path, so nothing that opens a database has to
// know about it.
var install = sync.OnceValue(func() error {
	tls := libc.NewTLS()
	defer tls.Close()
	if lower = lib.Xsqlite3_vfs_find(tls, 0); lower == 0 {
		return fmt.Errorf("SQLite has no file system")
	}
	name, err := libc.CString("faultfs")
	if err != nil {
		return err
	}
	layer = *at[lib.Tsqlite3_vfs](lower) // all but what follows does without a file of ours
	layer.FpNext = 0
	layer.FzName = name
	layer.FszOsFile += int32(prefixSize)
	layer.FxOpen = pointer(vfsOpen)
	layer.FxDelete = pointer(vfsDelete)
	methods = lib.Tsqlite3_io_methods{
		FiVersion:               2, // no memory mapping (3): each read is an xRead, which can fail
		FxClose:                 pointer(fileClose),
		FxRead:                  pointer(fileRead),
		FxWrite:                 pointer(fileWrite),
		FxTruncate:              pointer(fileTruncate),
		FxSync:                  pointer(fileSync),
		FxFileSize:              pointer(fileSize),
		FxLock:                  pointer(fileLock),
		FxUnlock:                pointer(fileUnlock),
		FxCheckReservedLock:     pointer(fileCheckReservedLock),
		FxFileControl:           pointer(fileControl),
		FxSectorSize:            pointer(fileSectorSize),
		FxDeviceCharacteristics: pointer(fileDeviceCharacteristics),
		FxShmMap:                pointer(fileShmMap),
		FxShmLock:               pointer(fileShmLock),
		FxShmBarrier:            pointer(fileShmBarrier),
		FxShmUnmap:              pointer(fileShmUnmap),
	}
	if rc := lib.Xsqlite3_vfs_register(tls, uintptr(unsafe.Pointer(&layer)), 1); rc != lib.SQLITE_OK {
		return fmt.Errorf("register the layer: SQLite's code %d", rc)
	}
	return nil
})

// at reads C's address p as a *T.
func at[T any](p uintptr) *T { return *(**T)(unsafe.Pointer(&p)) }

// pointer is f as C holds it, and function the reverse. In translated C a
// function pointer is the address of a Go function value, so f has to be one
// that the program has anyway: a closure would be collected.
func pointer[F any](f F) uintptr { return *(*uintptr)(unsafe.Pointer(&f)) }

func function[F any](p uintptr) F { return *(*F)(unsafe.Pointer(&p)) }

// handles are the open files, by the id in their prefix.
var handles struct {
	sync.RWMutex
	byID map[uintptr]*handle
	last uintptr
}

func handleOf(file uintptr) *handle {
	handles.RLock()
	defer handles.RUnlock()
	return handles.byID[at[prefix](file).id]
}

// beneath is the file under ours, and its methods.
func beneath(file uintptr) (uintptr, *lib.Tsqlite3_io_methods) {
	file += prefixSize
	return file, at[lib.Tsqlite3_io_methods](at[lib.Tsqlite3_file](file).FpMethods)
}

func vfsOpen(tls *libc.TLS, _, name, file uintptr, flags int32, out uintptr) int32 {
	open := function[func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32](at[lib.Tsqlite3_vfs](lower).FxOpen)
	path := ""
	if name != 0 { // a temporary file has none
		path = libc.GoString(name)
	}
	d := diskOf(path)
	if d == nil {
		return open(tls, lower, name, file, flags, out) // the layer has no part in it
	}
	*at[prefix](file) = prefix{} // no methods: not to be closed if it cannot be opened
	base := filepath.Base(path)
	if fail := d.plan.next(Open, base); fail != 0 {
		return fail
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if rc := open(tls, lower, name, file+prefixSize, flags, out); rc != lib.SQLITE_OK {
		return rc
	}
	// The file system below makes a new journal's name durable with the
	// journal's first sync (UNIXFILE_DIRSYNC in SQLite's os_unix.c).
	const journals = lib.SQLITE_OPEN_WAL | lib.SQLITE_OPEN_MAIN_JOURNAL | lib.SQLITE_OPEN_SUPER_JOURNAL
	h := &handle{
		disk: d, name: base, file: d.opened(base),
		dirSync: flags&lib.SQLITE_OPEN_CREATE != 0 && flags&journals != 0,
	}
	handles.Lock()
	defer handles.Unlock()
	if handles.byID == nil {
		handles.byID = map[uintptr]*handle{}
	}
	handles.last++
	handles.byID[handles.last] = h
	*at[prefix](file) = prefix{uintptr(unsafe.Pointer(&methods)), handles.last}
	return lib.SQLITE_OK
}

func vfsDelete(tls *libc.TLS, _, name uintptr, dirSync int32) int32 {
	remove := func() int32 {
		f := function[func(*libc.TLS, uintptr, uintptr, int32) int32](at[lib.Tsqlite3_vfs](lower).FxDelete)
		return f(tls, lower, name, dirSync)
	}
	path := libc.GoString(name)
	d := diskOf(path)
	if d == nil {
		return remove()
	}
	return d.remove(filepath.Base(path), dirSync != 0, remove)
}

func fileClose(tls *libc.TLS, file uintptr) int32 {
	handles.Lock()
	delete(handles.byID, at[prefix](file).id)
	handles.Unlock()
	f, m := beneath(file)
	return function[func(*libc.TLS, uintptr) int32](m.FxClose)(tls, f)
}

func fileRead(tls *libc.TLS, file, buffer uintptr, n int32, offset int64) int32 {
	h := handleOf(file)
	if fail := h.disk.plan.next(Read, h.name); fail != 0 {
		return fail
	}
	f, m := beneath(file)
	return function[func(*libc.TLS, uintptr, uintptr, int32, int64) int32](m.FxRead)(tls, f, buffer, n, offset)
}

func fileWrite(tls *libc.TLS, file, buffer uintptr, n int32, offset int64) int32 {
	f, m := beneath(file)
	write := function[func(*libc.TLS, uintptr, uintptr, int32, int64) int32](m.FxWrite)
	return handleOf(file).write(unsafe.Slice(at[byte](buffer), n), offset, func(n int) int32 {
		return write(tls, f, buffer, int32(n), offset)
	})
}

func fileTruncate(tls *libc.TLS, file uintptr, size int64) int32 {
	f, m := beneath(file)
	return handleOf(file).truncate(size, func() int32 {
		return function[func(*libc.TLS, uintptr, int64) int32](m.FxTruncate)(tls, f, size)
	})
}

func fileSync(tls *libc.TLS, file uintptr, flags int32) int32 {
	f, m := beneath(file)
	return handleOf(file).sync(func() int32 {
		return function[func(*libc.TLS, uintptr, int32) int32](m.FxSync)(tls, f, flags)
	})
}

func fileSize(tls *libc.TLS, file, size uintptr) int32 {
	h := handleOf(file)
	if fail := h.disk.plan.next(Size, h.name); fail != 0 {
		return fail
	}
	f, m := beneath(file)
	return function[func(*libc.TLS, uintptr, uintptr) int32](m.FxFileSize)(tls, f, size)
}

func fileShmMap(tls *libc.TLS, file uintptr, region, size, extend int32, out uintptr) int32 {
	h := handleOf(file)
	if fail := h.disk.plan.next(Map, h.name); fail != 0 {
		return fail
	}
	f, m := beneath(file)
	return function[func(*libc.TLS, uintptr, int32, int32, int32, uintptr) int32](m.FxShmMap)(tls, f, region, size, extend, out)
}

// The rest passes.

func fileLock(tls *libc.TLS, file uintptr, level int32) int32 {
	f, m := beneath(file)
	return function[func(*libc.TLS, uintptr, int32) int32](m.FxLock)(tls, f, level)
}

func fileUnlock(tls *libc.TLS, file uintptr, level int32) int32 {
	f, m := beneath(file)
	return function[func(*libc.TLS, uintptr, int32) int32](m.FxUnlock)(tls, f, level)
}

func fileCheckReservedLock(tls *libc.TLS, file, out uintptr) int32 {
	f, m := beneath(file)
	return function[func(*libc.TLS, uintptr, uintptr) int32](m.FxCheckReservedLock)(tls, f, out)
}

func fileControl(tls *libc.TLS, file uintptr, op int32, arg uintptr) int32 {
	f, m := beneath(file)
	return function[func(*libc.TLS, uintptr, int32, uintptr) int32](m.FxFileControl)(tls, f, op, arg)
}

func fileSectorSize(tls *libc.TLS, file uintptr) int32 {
	f, m := beneath(file)
	return function[func(*libc.TLS, uintptr) int32](m.FxSectorSize)(tls, f)
}

func fileDeviceCharacteristics(tls *libc.TLS, file uintptr) int32 {
	f, m := beneath(file)
	return function[func(*libc.TLS, uintptr) int32](m.FxDeviceCharacteristics)(tls, f)
}

func fileShmLock(tls *libc.TLS, file uintptr, offset, n, flags int32) int32 {
	f, m := beneath(file)
	return function[func(*libc.TLS, uintptr, int32, int32, int32) int32](m.FxShmLock)(tls, f, offset, n, flags)
}

func fileShmBarrier(tls *libc.TLS, file uintptr) {
	f, m := beneath(file)
	function[func(*libc.TLS, uintptr)](m.FxShmBarrier)(tls, f)
}

func fileShmUnmap(tls *libc.TLS, file uintptr, remove int32) int32 {
	f, m := beneath(file)
	return function[func(*libc.TLS, uintptr, int32) int32](m.FxShmUnmap)(tls, f, remove)
}
