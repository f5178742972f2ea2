"""Lists as files: CSV, XLSX, GeoJSON and GeoPackage from one declaration of each list's columns.

`tables` says what a list tells; `csv_file`, `xlsx_file`, `geojson_file` and `geopackage_file` write
it. Nothing here knows of requests: a job writes the same file.
"""
