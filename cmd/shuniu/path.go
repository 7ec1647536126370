package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"shuniu/fault"
)

// openRegular opens a file for reading after a look at what it is: opening a
// FIFO would hang, a device may do anything.
func openRegular(path string) (*os.File, error) {
	st, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if l, lerr := os.Lstat(path); lerr == nil && l.Mode()&fs.ModeSymlink != 0 {
			return nil, fmt.Errorf("%s：链接指向的文件不存在 (a link to nowhere): %w", path, fault.NotFound)
		}
		return nil, fmt.Errorf("%s：没有这个文件 (no such file): %w", path, fault.NotFound)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("%s：没有读取权限 (permission denied): %w", path, fault.Denied)
	case errors.Is(err, syscall.ENAMETOOLONG), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.ELOOP):
		return nil, fmt.Errorf("%s：路径无法使用 (%w): %w", path, err, fault.Invalid)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", path, err)
	case st.IsDir():
		return nil, fmt.Errorf("%s：是文件夹，不是文件；归集文件夹请用 shuniu collect (a folder, not a file): %w", path, fault.Invalid)
	case !st.Mode().IsRegular():
		return nil, fmt.Errorf("%s：不是普通文件（管道、设备或套接字），无法读取 (not a regular file): %w", path, fault.Invalid)
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("%s：没有读取权限 (permission denied): %w", path, fault.Denied)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}
