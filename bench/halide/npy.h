// Reads and writes the .npy files that the benchmark needs: version 1 or 2, C order, little-endian float32 or uint16.
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace npy {

template <class T> struct Name;
template <> struct Name<float> { static const char *text() { return "<f4"; } };
template <> struct Name<uint16_t> { static const char *text() { return "<u2"; } };

template <class T> struct Array {
    std::vector<int> shape;  // outermost dimension first
    std::vector<T> data;
};

inline std::string value_of(const std::string &header, const std::string &key) {
    size_t at = header.find("'" + key + "'");
    if (at == std::string::npos) throw std::runtime_error("no " + key + " in the header");
    return header.substr(header.find(':', at) + 1);
}

template <class T> Array<T> read(const std::string &path) {
    std::ifstream in(path, std::ios::binary);
    unsigned char start[12] = {};
    if (!in.read((char *)start, 10) || memcmp(start, "\x93NUMPY", 6) != 0) throw std::runtime_error(path + " is no .npy file");
    size_t length = start[8] | start[9] << 8;
    if (start[6] > 1) {
        in.read((char *)start + 10, 2);
        length |= (size_t)start[10] << 16 | (size_t)start[11] << 24;
    }
    std::string header(length, ' ');
    in.read(&header[0], (std::streamsize)length);
    if (value_of(header, "descr").find(std::string("'") + Name<T>::text() + "'") > 2) throw std::runtime_error(path + " holds another element type than " + Name<T>::text());
    if (value_of(header, "fortran_order").find("False") > 2) throw std::runtime_error(path + " is in Fortran order");

    Array<T> a;
    std::string shape = value_of(header, "shape");
    size_t count = 1;
    for (const char *p = shape.c_str() + shape.find('(') + 1; *p != ')';) {
        if (*p < '0' || *p > '9') { p++; continue; }
        char *end;
        a.shape.push_back((int)strtol(p, &end, 10));
        count *= (size_t)a.shape.back();
        p = end;
    }
    a.data.resize(count);
    if (!in.read((char *)a.data.data(), (std::streamsize)(count * sizeof(T)))) throw std::runtime_error(path + " is too short");
    return a;
}

template <class T> void write(const std::string &path, const std::vector<int> &shape, const T *data) {
    std::string header = std::string("{'descr': '") + Name<T>::text() + "', 'fortran_order': False, 'shape': (";
    size_t count = 1;
    for (int n : shape) header += std::to_string(n) + ",", count *= (size_t)n;
    header += "), }";
    while ((10 + header.size() + 1) % 64 != 0) header += ' ';
    header += '\n';
    std::ofstream out(path, std::ios::binary);
    const char start[10] = {'\x93', 'N', 'U', 'M', 'P', 'Y', 1, 0, (char)(header.size() & 255), (char)(header.size() >> 8)};
    out.write(start, 10).write(header.data(), (std::streamsize)header.size()).write((const char *)data, (std::streamsize)(count * sizeof(T)));
    if (!out) throw std::runtime_error("cannot write " + path);
}

}  // namespace npy
